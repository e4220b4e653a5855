import BenchmarkReport
import Testing

@Suite("The plan")
struct PlanTests {
    @Test("Two pairs, three works and three programs are in turn")
    func pairs() {
        let groups = Fixture.plan.groups(of: .pairs)
        #expect(groups.count == 6)
        #expect(groups.allSatisfy { $0.map(\.program) == [.ours, .compile, .plain] })
        #expect(Set(groups.joined()).count == 18)
        #expect(Set(groups.map { $0[0].work }) == [.distill, .train, .evaluate])
    }

    @Test("Every method is timed against its plain version, ReviewKD being the one of the pairs")
    func methods() {
        let groups = Fixture.plan.groups(of: .methods)
        #expect(groups.count == 12)
        #expect(groups.allSatisfy { $0.map(\.program) == [.ours, .plain] })
        let pairs = Set(Fixture.plan.groups(of: .pairs).joined())
        #expect(groups[0].allSatisfy(pairs.contains))
        #expect(groups.dropFirst().joined().allSatisfy { $0.method != nil && !pairs.contains($0) })
    }

    @Test("What two sections share is one setting, and measured once")
    func sharedSettings() {
        let plan = Fixture.plan
        let pairs = Set(plan.groups(of: .pairs).joined())
        let batches = plan.groups(of: .batches)
        #expect(batches.map { $0[0].batchSize } == [32, 64, 128, 256, 512, 1024])
        #expect(batches[2].allSatisfy(pairs.contains))
        #expect(plan.groups(of: .threads)[1].allSatisfy(pairs.contains))
        #expect(plan.groups(of: .memory) == plan.groups(of: .pairs))
    }

    @Test("On a CPU plain PyTorch takes fewer steps where one takes seconds, never fewer than 3")
    func slowSteps() {
        func steps(_ plan: Plan) -> [Int] { plan.groups(of: .batches).map { $0[2].steps } }
        #expect(steps(Fixture.plan) == [10, 10, 10, 10, 3, 3])
        #expect(
            steps(Plan(device: "cpu", threads: 2, steps: 30, turns: 1))
                == [30, 30, 30, 30, 10, 10])
        #expect(
            steps(Plan(device: "cpu", threads: 2, steps: 2, turns: 1)) == [2, 2, 2, 2, 2, 2])
        #expect(
            steps(Plan(device: "cuda", threads: 2, steps: 10, turns: 1))
                == [10, 10, 10, 10, 10, 10])
        #expect(Fixture.plan.groups(of: .pairs)[3].map(\.steps) == [10, 10, 3])
    }

    @Test("On a GPU the CPU's threads are no section")
    func threadsOfGPU() {
        let plan = Plan(device: "cuda", threads: 2, steps: 10, turns: 1)
        #expect(plan.groups(of: .threads).isEmpty)
    }
}
