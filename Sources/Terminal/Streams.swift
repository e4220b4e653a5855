#if canImport(Glibc)
    import Glibc
#endif

/// What the tool does with its streams before its first and after its last word.
package enum Streams {
    /// Makes writing safe: neither a reader that has gone nor a file that is full ends the process, and no
    /// file that is opened later takes the place of a closed stream.
    ///
    /// To be called before anything else opens a file.
    package static func prepare() {
        var pipe = sigaction()
        sigaction(SIGPIPE, nil, &pipe)
        let inherited = unsafeBitCast(pipe.__sigaction_handler.sa_handler, to: Int.self)
        StandardOutput.isKilledByPipe = inherited == unsafeBitCast(SIG_DFL, to: Int.self)
        signal(SIGPIPE, SIG_IGN)
        // Beyond `ulimit -f` a write is to fail as on a full disk.
        signal(SIGXFSZ, SIG_IGN)
        for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
        where fcntl(stream, F_GETFD) == -1 && errno == EBADF {
            // Opened the wrong way round, as by gnulib's `stdopen`: using it fails as if it were closed.
            // The lowest free number is this one, because those below it are open by now.
            _ = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// Keeps results and messages back, or no longer: of several processes that do the same, one speaks.
    ///
    /// - Parameter muted: whether nothing is written from now on.
    package static func mute(_ muted: Bool) {
        StandardOutput.isMuted = muted
        StandardError.shared.isMuted = muted
    }

    /// Ends the process.
    ///
    /// A command that did all it should but print has failed. Where the reader of its results has gone, it ends
    /// by SIGPIPE as other tools in a pipeline do (141 in a shell, no message), unless whoever started it
    /// ignores that signal: then it says so and exits with 1, as coreutils do.
    ///
    /// - Parameter status: of the command itself; one that is not 0 stays.
    package static func exit(_ status: Int32) -> Never {
        StandardError.shared.clearStatus()
        if let failure = StandardOutput.failure {
            if failure == EPIPE, StandardOutput.isKilledByPipe {
                if status == 0 {
                    signal(SIGPIPE, SIG_DFL)
                    raise(SIGPIPE)
                }
            } else {
                printError(
                    "Error: standard output could not be written: \(String(cString: strerror(failure))); "
                        + "what was meant for it is lost, written files are not; send it elsewhere")
            }
            if status == 0 { Glibc.exit(1) }
        }
        Glibc.exit(status)
    }
}
