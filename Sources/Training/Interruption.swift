import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// The signals that end a run in good order.
public enum Interruption {
    private static let received = Atomic<Int32>(0)

    /// The signal that asked the run to end, 0 for none.
    public static var signal: Int32 { received.load(ordering: .relaxed) }

    /// Makes SIGINT, SIGTERM and SIGHUP ask the run to save and end; a second SIGINT ends at once.
    ///
    /// SIGHUP stays ignored where it was ignored at the start, as `nohup` does. SIGINT does not: a shell
    /// ignores it for every job that a script runs in the background, and there `kill -INT` still is a
    /// request to end; nothing is lost, because the run saves.
    public static func install() {
        let handler: @convention(c) (Int32) -> Void = { signal in
            if signal == SIGINT, Interruption.received.load(ordering: .relaxed) == SIGINT {
                _exit(130)
            }
            Interruption.received.store(signal, ordering: .relaxed)
        }
        Glibc.signal(SIGINT, handler)
        Glibc.signal(SIGTERM, handler)
        var hangUp = sigaction()
        sigaction(SIGHUP, nil, &hangUp)
        let ignored = unsafeBitCast(SIG_IGN, to: Int.self)
        if unsafeBitCast(hangUp.__sigaction_handler.sa_handler, to: Int.self) != ignored {
            Glibc.signal(SIGHUP, handler)
        }
    }
}
