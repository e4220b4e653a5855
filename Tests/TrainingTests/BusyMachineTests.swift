import Foundation
import Machine
import Testing
import Torch
import TorchNN
import VisionData

@testable import Recipes
@testable import RunRecords
@testable import Training

@Suite("A busy machine")
struct BusyMachineTests {
    /// Feeds durations, and gives the places at which a slowdown was told.
    private func slowdowns(_ seconds: [Double]) -> [Int] {
        var watch = SlowdownWatch()
        return seconds.indices.filter { watch.add(seconds: seconds[$0]) != nil }
    }

    /// Durations around 0.1 s, up to 1.9 times as long.
    private func usual(_ count: Int) -> [Double] {
        (0..<count).map { 0.1 * (1 + 0.9 * abs(sin(Double($0) * 12.9898))) }
    }

    @Test("is told of once, as soon as half of the last 20 steps took three times as long")
    func once() {
        let steady = Array(repeating: 0.1, count: 200)
        let told = slowdowns(steady + Array(repeating: 0.31, count: 200))
        // Of 20 steps 11 are slow: the median is.
        #expect(told == [210])
        #expect(
            slowdowns(steady + Array(repeating: 0.31, count: 30) + steady + steady.map { $0 * 9 })
                .count == 1)
    }

    @Test("is not told of without cause")
    func without() {
        #expect(slowdowns(usual(2000)).isEmpty)
        let spikes = usual(2000).enumerated().map { $0 % 3 == 0 ? $1 * 100 : $1 }
        #expect(slowdowns(spikes).isEmpty)
        // The last step of an epoch is short, and the first one of the next slow.
        let epochs = (0..<2000).map { $0 % 10 == 9 ? 0.01 : $0 % 10 == 0 ? 2 : 0.1 }
        #expect(slowdowns(epochs).isEmpty)
        #expect(slowdowns(Array(repeating: 5, count: 2000)).isEmpty)
        #expect(slowdowns((0..<2000).map { 0.1 + 0.00009 * Double($0) }).isEmpty)
        // Slow while it warms up, then as fast as it is.
        #expect(slowdowns([9, 9, 9] + Array(repeating: 0.1, count: 2000)).isEmpty)
        #expect(slowdowns(usual(100) + usual(100).map { $0 * 2.9 / 1.9 }).isEmpty)
    }

    @Test("from the first step on is known by the time that threads wait for a processor")
    func waiting() {
        typealias Times = WaitingWatch.Times
        func share(_ first: Times?, _ second: Times?) -> [Double] {
            var watch = WaitingWatch()
            var answers = [first, second]
            return (0..<500).compactMap { _ in watch.add(seconds: 0.1) { answers.removeFirst() } }
        }
        let start = Times(running: 10, waiting: 3)
        // The times are asked for after the third step; of steps this slow, two more are 30 seconds.
        var slow = WaitingWatch()
        var answers = [start, Times(running: 20, waiting: 13)]
        let told = (1...20).filter { _ in
            slow.add(seconds: 15) { answers.removeFirst() } != nil
        }
        #expect(told == [5])
        #expect(share(start, Times(running: 20, waiting: 13)) == [0.5])
        #expect(share(start, Times(running: 20, waiting: 7)).isEmpty)
        #expect(share(start, start).isEmpty)
        #expect(share(nil, Times(running: 20, waiting: 13)).isEmpty)
        #expect(share(start, nil).isEmpty)
        // Threads that ended took their times with them.
        #expect(share(start, Times(running: 1, waiting: 9)).isEmpty)
        #expect(share(start, Times(running: 30, waiting: 1)).isEmpty)
    }

    @Test("has times of its threads that grow as this process works")
    func times() throws {
        guard let before = WaitingWatch.Times.ofThisProcess() else {
            print("times of threads: not run, this system does not count them")
            return
        }
        var value = 1.0
        for index in 0..<2_000_000 { value = (value + Double(index)).squareRoot() }
        #expect(value > 0)
        let after = try #require(WaitingWatch.Times.ofThisProcess())
        #expect(after.running > before.running)
    }

    @Test("is told of once by a run, with what to do about it")
    func remark() throws {
        var remarks: [String] = []
        // 50 of 40 epochs' 120 steps are usual; from step 80 on each takes 5 times as long.
        try train(epochs: 40) {
            $0 < 80 ? 0.1 : 0.5
        } report: { event in
            if case .remark(let text) = event { remarks.append("\(text)") }
        }
        let told = remarks.filter { $0.contains("5.0 times as long as at its start") }
        #expect(told.count == 1, "\(remarks)")
        #expect(told.first?.contains("(500 ms instead of 100 ms)") == true)
        #expect(told.first?.contains("Stop those") == true)
    }

    @Test("is no matter of a run whose steps take what they took")
    func noRemark() throws {
        try train(epochs: 40) { _ in
            0.1
        } report: { event in
            if case .remark(let text) = event {
                #expect(!text.description.contains("times as long"), "\(text)")
            }
        }
    }

    @Test("or not, the time left counts the images that are left, the small last batch as it is")
    func timeLeft() throws {
        var left: [Double] = []
        try train(epochs: 2) { _ in
            0.1
        } report: { event in
            if case .step(let step) = event { left.append(step.secondsLeft * step.imagesPerSecond) }
        }
        // Twice two batches of 8 and one of 4.
        #expect(left.map { $0.rounded() } == [32, 24, 20, 12, 4, 0])
        var untilStop: [Double] = []
        try train(epochs: 2, maxSteps: 4) { _ in
            0.1
        } report: { event in
            if case .step(let step) = event {
                untilStop.append(step.secondsLeft * step.imagesPerSecond)
            }
        }
        #expect(untilStop.map { $0.rounded() } == [20, 12, 8, 0])
        var speeds: [Double] = []
        try train(epochs: 1) { _ in
            0.1
        } report: { event in
            if case .step(let step) = event { speeds.append(step.imagesPerSecond) }
        }
        // 8 in 0.1 s, 16 in 0.2 s, 20 in 0.3 s.
        #expect(speeds.map { ($0 * 10).rounded() } == [800, 800, 667])
    }

    /// Trains on 20 images in batches of 8, by a clock that gives each step its time.
    private func train(
        epochs: Int, maxSteps: Int? = nil, seconds: @escaping (Int) -> Double,
        report: @escaping (TrainingEvent) -> Void
    ) throws {
        let setup = try TrainingSetup(.alone)
        var recipe = setup.recipe.rescaled(epochs: epochs)
        recipe.batchSize = 8
        var options = RunOptions()
        options.evaluatesEveryEpoch = false
        options.maxSteps = maxSteps
        let images = TrainingSetup.images()
        let trainer = try Trainer(
            recipe: recipe, data: TrainingData(train: images, test: images),
            distiller: setup.distiller, options: options, report: report)
        trainer.machine.times = { nil }
        var time = ContinuousClock.now
        var step: Int?
        trainer.now = {
            // Asked when a step begins and when it has ended; in between a step's time goes by.
            if let begun = step, trainer.state.step == begun + 1 {
                time += .seconds(seconds(begun))
                step = nil
            } else {
                step = trainer.state.step
            }
            return time
        }
        _ = try trainer.run()
    }
}

extension BusyMachineTests {
    @Test("gets other numbers of threads in the middle of a run, and the same weights")
    func adapting() throws {
        func trained(adapting: Bool) throws -> (weights: [UInt8], numbers: Set<Int>, told: Int) {
            var recipe = try Recipe.load(nameOrPath: "demo/student", overrides: ["epochs=1"])
                .studentAlone
            recipe.precision = .bfloat16
            let data = try TrainingData(.procedural, device: .cpu)
            var options = RunOptions()
            options.adaptsThreads = true
            options.maxSteps = 40
            let former = Runtime.threads
            Runtime.setThreads(2)
            defer { Runtime.setThreads(former) }
            var numbers: Set<Int> = []
            var told = 0
            let trainer = try Trainer(
                recipe: recipe, data: data, teacher: nil, options: options
            ) { event in
                numbers.insert(Runtime.threads)
                if case .remark = event { told += 1 }
            }
            if adapting {
                // Steps take half of what they took where one thread takes them.
                var clock = ContinuousClock.now
                var looks = 0
                trainer.now = {
                    looks += 1
                    clock += .milliseconds(looks % 2 == 0 ? 150 * Runtime.threads : 0)
                    return clock
                }
                var use = ThreadGovernor.Use(own: 0, waiting: 0, others: 0)
                trainer.processorUse = {
                    use.own += 1
                    use.waiting += 1
                    return use
                }
            } else {
                trainer.governor = nil
            }
            _ = try trainer.run()
            #expect(Runtime.threads == 2)
            return (trainer.parts.student.stateDict().flatMap { $0.tensor.bytes() }, numbers, told)
        }
        let plain = try trained(adapting: false)
        let adapting = try trained(adapting: true)
        #expect(plain.numbers == [2] && adapting.numbers == [1, 2] && adapting.told == 1)
        #expect(plain.weights == adapting.weights)
    }
}
