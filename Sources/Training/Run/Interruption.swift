import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// The signals that end a run in good order.
public enum Interruption {
    private static let received = Atomic<Int32>(0)

    /// The signal that asked the run to end, 0 for none.
    public static var signal: Int32 { received.load(ordering: .relaxed) }

    /// Makes SIGINT and SIGTERM ask the run to save and end; a second SIGINT ends at once.
    public static func install() {
        let handler: @convention(c) (Int32) -> Void = { signal in
            if signal == SIGINT, Interruption.received.load(ordering: .relaxed) == SIGINT {
                _exit(130)
            }
            Interruption.received.store(signal, ordering: .relaxed)
        }
        Glibc.signal(SIGINT, handler)
        Glibc.signal(SIGTERM, handler)
    }
}
