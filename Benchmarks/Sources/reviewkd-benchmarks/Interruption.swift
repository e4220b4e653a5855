import Glibc
import Synchronization

/// Ends the program under measurement when this one is asked to end.
///
/// Foundation starts programs in process groups of their own, which the terminal's interrupt does
/// not reach.
enum Interruption {
    /// The process, and the group it leads; 0 for none.
    static let running = Atomic<pid_t>(0)

    /// Handles SIGINT and SIGTERM from now on.
    static func install() {
        // Made here, because a signal handler must not be the first to touch it.
        running.store(0, ordering: .relaxed)
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                let group = Interruption.running.load(ordering: .relaxed)
                if group > 0 { kill(-group, SIGTERM) }
                _exit(128 + number)
            }
        }
    }
}
