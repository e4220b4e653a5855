"""Runs Python scripts one after another in one process, so that what they import is loaded once.

Each line of standard input is a JSON list: the path of a script, and its arguments. Each answer is a line of JSON with the
script's standard output, or with its traceback.
"""

import contextlib
import io
import json
import runpy
import sys
import traceback

answers = sys.stdout
# What libraries print by themselves must not look like an answer.
sys.stdout = sys.stderr
for line in sys.stdin:
    script, *arguments = json.loads(line)
    sys.argv = [script, *arguments]
    output = io.StringIO()
    answer = {}
    try:
        with contextlib.redirect_stdout(output):
            runpy.run_path(script, run_name="__main__")
    except BaseException:
        answer["error"] = traceback.format_exc()
    answers.write(json.dumps({"output": output.getvalue(), **answer}) + "\n")
    answers.flush()
