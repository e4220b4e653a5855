import Synchronization
import Testing

@testable import Basics

@Suite("Parallel calls")
struct ParallelTests {
    @Test(
        "Each number is taken once, whatever the threads",
        arguments: [(0, 2), (1, 4), (1000, 1), (1000, 3), (5, 100)])
    func once(count: Int, threads: Int) {
        let taken = Mutex<[Int]>([])
        inParallel(count, threads: threads) { number in taken.withLock { $0.append(number) } }
        #expect(taken.withLock { $0.sorted() } == Array(0..<count))
    }
}
