import Machine
import Testing

/// A machine whose steps take as long as were measured with LibTorch on two processors.
private struct Machine {
    /// Seconds of a step by the number of threads, on a free machine and beside a busy loop.
    var free = [1: 0.36, 2: 0.19]
    var busy = [1: 0.38, 2: 0.86]
    var isBusy = false
    var use = ThreadGovernor.Use(own: 5, waiting: 1, others: 7)
    var governor = ThreadGovernor(most: 2, processors: 2)

    /// Runs steps and gives the number of threads that each of them had.
    mutating func run(_ steps: Int) -> [Int] {
        (0..<steps).map { _ in
            let threads = governor.count
            let seconds = (isBusy ? busy : free)[threads] ?? .nan
            let share = isBusy && threads == 2 ? 0.25 : 0
            use.own += seconds * Double(threads) * (1 - share)
            use.waiting += seconds * Double(threads) * share
            use.others += isBusy ? seconds * (threads == 2 ? 0.5 : 1) : 0
            let now = use
            _ = governor.add(seconds: seconds) { now }
            return threads
        }
    }

    func seconds(of threads: [Int]) -> Double {
        threads.reduce(0) { $0 + ((isBusy ? busy : free)[$1] ?? .nan) }
    }
}

@Suite("The number of threads")
struct ThreadGovernorTests {
    @Test("stays on a machine that is free")
    func free() {
        var machine = Machine()
        #expect(machine.run(1000).allSatisfy { $0 == 2 })
    }

    @Test("falls within seven steps beside a busy loop, and costs little more than the best number")
    func busy() {
        var machine = Machine(isBusy: true)
        let threads = machine.run(400)
        #expect(threads.prefix(6).allSatisfy { $0 == 2 } && threads[6] == 1)
        let best = Double(threads.count) * 0.38
        #expect(machine.seconds(of: threads) < best / 0.9)
    }

    @Test("rises again soon after the loop has ended, and falls when it returns")
    func change() {
        var machine = Machine(isBusy: true)
        _ = machine.run(100)
        machine.isBusy = false
        #expect(machine.run(20).last == 2)
        #expect(machine.run(500).allSatisfy { $0 == 2 })
        machine.isBusy = true
        #expect(machine.run(20).last == 1)
    }

    @Test("goes back where fewer threads were no faster, and tries that ever less often")
    func reverted() {
        // Other programs wait for the disk most of the time, so that two threads are faster all the same.
        var machine = Machine(busy: [1: 0.36, 2: 0.3], isBusy: true)
        let threads = machine.run(1000)
        #expect((3...60).contains(threads.count { $0 == 1 }))
        #expect(threads.suffix(300).count { $0 == 1 } <= 6)
    }

    @Test("is tried upwards also where the machine tells of no free processor")
    func unseen() {
        // A program of least weight takes what this run leaves, and gives it back at once.
        var machine = Machine(isBusy: true)
        _ = machine.run(30)
        machine.busy = [1: 0.36, 2: 0.2]
        machine.use.waiting = 0
        #expect(machine.run(100).contains(2))
    }

    @Test("stays where the system does not tell, and where there is but one")
    func unknown() {
        var governor = ThreadGovernor(most: 2, processors: 2)
        #expect((0..<100).allSatisfy { _ in !governor.add(seconds: 0.5) { nil } })
        var one = ThreadGovernor(most: 1, processors: 4)
        let use = ThreadGovernor.Use(own: 1, waiting: 9, others: 0)
        #expect((0..<100).allSatisfy { _ in !one.add(seconds: 0.5) { use } })
    }

    @Test("is asked for from this machine's counters, which grow as it works")
    func counters() throws {
        guard let first = ThreadGovernor.Use.ofThisMachine() else {
            print("counters of processors: not run, this system does not have them")
            return
        }
        var sum = 0.0
        let end = ContinuousClock.now + .milliseconds(100)
        while ContinuousClock.now < end { sum += 1 }
        let second = try #require(ThreadGovernor.Use.ofThisMachine())
        #expect(sum > 0 && second.own > first.own && second.waiting >= first.waiting)
    }
}
