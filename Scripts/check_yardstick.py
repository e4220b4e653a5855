"""Compares the methods of Benchmarks/pytorch_methods.py with the golden values: losses and gradients.

    python3 Scripts/check_yardstick.py [Tests/Fixtures/unit-baselines.json]

Ends with status 1 where one differs by more than a millionth. Needs PyTorch and NumPy.
"""

import json
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).parent.parent
sys.path += [str(ROOT / "Scripts"), str(ROOT / "Benchmarks")]

from pytorch_methods import AT, DIST, DKD, KD, OFD, PKT, RKD, SP, VID  # noqa: E402
import measure_bfloat16_error as golden  # noqa: E402


def loss_of(case, student, teacher):
    method, parameters = case["method"], case["parameters"]
    if method == "dkd":
        return DKD.loss(student, teacher, torch.tensor(parameters["targets"]))
    if method == "ofd":
        margin = case["inputs"]["margin"]
        return OFD.loss(student, teacher, -tensor(margin).abs())
    if method == "vid":
        stage = VID.Stage(student.shape[1], teacher.shape[1])
        golden.fill(stage.regressor.state_dict(), 9100)
        stage.double()
        return stage(torch.nn.functional.adaptive_avg_pool2d(student, teacher.shape[2]), teacher)
    plain = {"kd": KD, "at": AT, "sp": SP, "pkt": PKT, "rkd": RKD, "dist": DIST}
    return plain[method].loss(student, teacher)


def tensor(entry):
    return golden.tensor(entry["key"], entry["shape"], entry["scale"]).double()


def main():
    default = ROOT / "Tests/Fixtures/unit-baselines.json"
    path = sys.argv[1] if len(sys.argv) > 1 else default
    worst = 0.0
    for case in json.loads(Path(path).read_text())["cases"]:
        student = tensor(case["inputs"]["student"]).requires_grad_()
        loss = loss_of(case, student, tensor(case["inputs"]["teacher"]))
        loss.backward()
        norm = case["grad_student"]["l2"]
        errors = [
            abs(loss.item() - case["loss"]) / max(1.0, abs(case["loss"])),
            abs(student.grad.norm().item() - norm) / max(1.0, norm),
        ]
        print(f"{case['method']:6} {max(errors):.1e}")
        worst = max(worst, *errors)
    sys.exit(worst > 1e-6)


if __name__ == "__main__":
    main()
