import Foundation
import Synchronization

/// Calls with each number from zero up on several threads, and returns once all calls have.
///
/// A thread takes the next number as soon as it is done with one, so that calls of different lengths share the
/// threads well. The order of calls is not told.
///
/// - Parameters:
///   - count: how many numbers there are.
///   - threads: how many threads take part, this one included.
///   - body: what is called.
package func inParallel(
    _ count: Int, threads: Int = ProcessInfo.processInfo.activeProcessorCount,
    _ body: @Sendable @escaping (Int) -> Void
) {
    let work = SharedWork(count: count, body: body)
    for _ in 1..<max(1, min(threads, count)) { work.startThread() }
    work.take()
    work.wait()
}

/// Numbers that several threads take in turn.
private final class SharedWork: Sendable {
    private let count: Int
    private let body: @Sendable (Int) -> Void
    private let next = Atomic(0)
    private let running = Atomic(0)
    private let condition = NSCondition()

    init(count: Int, body: @Sendable @escaping (Int) -> Void) {
        self.count = count
        self.body = body
    }

    func startThread() {
        running.add(1, ordering: .relaxed)
        Thread { [self] in
            take()
            condition.withLock {
                running.subtract(1, ordering: .relaxed)
                condition.signal()
            }
        }.start()
    }

    func take() {
        while true {
            let number = next.add(1, ordering: .relaxed).oldValue
            guard number < count else { return }
            body(number)
        }
    }

    func wait() {
        condition.withLock {
            while running.load(ordering: .relaxed) > 0 { condition.wait() }
        }
    }
}
