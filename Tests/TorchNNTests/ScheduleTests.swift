import Testing
import TorchNN

@Suite struct ScheduleTests {
    private func progress(epoch: Int = 0, step: Int = 0, of total: Int = 100) -> TrainingProgress {
        TrainingProgress(epoch: epoch, step: step, totalSteps: total)
    }

    private func isClose(_ found: Double, _ expected: Double) -> Bool {
        abs(found - expected) <= 1e-12 * max(abs(expected), 1)
    }

    @Test("A constant rate stays")
    func constant() {
        let schedule = LearningRateSchedule(peak: 0.3, shape: .constant)
        #expect(schedule.rate(at: progress()) == 0.3)
        #expect(schedule.rate(at: progress(epoch: 9, step: 99)) == 0.3)
    }

    /// The authors' 240 epochs: 151, 30, 30 and 29 of them at one rate each.
    @Test(
        "The authors' schedule drops after 151, 181 and 211 epochs",
        arguments: [
            (0, 0.1), (150, 0.1), (151, 0.01), (180, 0.01), (181, 0.001), (210, 0.001),
            (211, 0.0001), (239, 0.0001),
        ])
    func multiStep(_ epoch: Int, _ rate: Double) {
        let schedule = LearningRateSchedule(
            peak: 0.1, shape: .multiStep(.init(milestones: [151, 181, 211], factor: 0.1)))
        #expect(isClose(schedule.rate(at: progress(epoch: epoch)), rate))
    }

    /// The rule of detectron2's warm-up, 0.001 + 0.999 · i / 1000 at iteration i, under steps by epochs.
    @Test(
        "A warm-up of steps rises in a line to the rate of the epoch",
        arguments: [
            (0, 0, 0.00002), (0, 250, 0.005015), (0, 1000, 0.02), (1, 500, 0.001001),
            (1, 1500, 0.002),
        ])
    func multiStepWarmup(_ epoch: Int, _ step: Int, _ rate: Double) {
        let schedule = LearningRateSchedule(
            peak: 0.02,
            shape: .multiStep(.init(milestones: [1], warmupSteps: 1000, initialFraction: 0.001)))
        #expect(isClose(schedule.rate(at: progress(epoch: epoch, step: step, of: 9000)), rate))
    }

    @Test(
        "One cycle climbs to its peak and falls to its end in straight lines",
        arguments: [(0, 0.02), (10, 0.11), (20, 0.2), (60, 0.101), (100, 0.002)])
    func oneCycle(_ step: Int, _ rate: Double) {
        let schedule = LearningRateSchedule(
            peak: 0.2,
            shape: .oneCycle(.init(warmup: 0.2, initialFraction: 0.1, finalFraction: 0.01)))
        #expect(isClose(schedule.rate(at: progress(step: step)), rate))
    }

    @Test("One cycle without a warm-up begins at its peak")
    func oneCycleWithoutWarmup() {
        let schedule = LearningRateSchedule(
            peak: 0.2, shape: .oneCycle(.init(warmup: 0, initialFraction: 0.1, finalFraction: 0)))
        #expect(schedule.rate(at: progress()) == 0.2)
    }

    @Test(
        "A cosine starts at its rate, is half way in the middle and ends at its fraction",
        arguments: [(0, 0.4), (50, 0.22), (100, 0.04)])
    func cosine(_ step: Int, _ rate: Double) {
        let schedule = LearningRateSchedule(
            peak: 0.4, shape: .cosine(.init(finalFraction: 0.1)))
        #expect(isClose(schedule.rate(at: progress(step: step)), rate))
    }

    /// PyTorch's LinearLR over 5 of 100 epochs of ten steps, then CosineAnnealingLR.
    @Test(
        "A cosine behind a warm-up climbs in a line and falls from its peak",
        arguments: [
            (0, 0.005), (25, 0.2525), (50, 0.5), (525, 0.25 * (1 + 6.123e-17)), (1000, 0),
        ])
    func cosineWithWarmup(_ step: Int, _ rate: Double) {
        let schedule = LearningRateSchedule(
            peak: 0.5, shape: .cosine(.init(warmup: 0.05, initialFraction: 0.01)))
        #expect(isClose(schedule.rate(at: progress(step: step, of: 1000)), rate))
        #expect(
            LearningRateSchedule(peak: 0.5, shape: .cosine(.init(warmup: 1)))
                .rate(at: progress(step: 100)) == 0.5)
    }

    @Test(
        "The authors' warm-up is 0 in the first epoch and 1 from epoch 20 on",
        arguments: [(0, 0), (1, 0.05), (10, 0.5), (20, 1), (239, 1)])
    func epochWarmup(_ epoch: Int, _ weight: Double) {
        #expect(isClose(Warmup.epochs(20).weight(at: progress(epoch: epoch, step: 55)), weight))
    }

    @Test(
        "A warm-up over a fraction of the run grows with every step, the step itself included",
        arguments: [(0, 0.05), (9, 0.5), (19, 1), (99, 1)])
    func fractionWarmup(_ step: Int, _ weight: Double) {
        #expect(isClose(Warmup.fraction(0.2).weight(at: progress(step: step)), weight))
    }

    @Test(
        "No warm-up, or one of no length, is full weight from the start",
        arguments: [
            Warmup.none, .epochs(0), .fraction(0),
        ])
    func noWarmup(_ warmup: Warmup) {
        #expect(warmup.weight(at: progress()) == 1)
    }

    @Test("The fraction of a run without steps is 0")
    func emptyRun() {
        #expect(progress(of: 0).fraction == 0)
        #expect(progress(step: 25).fraction == 0.25)
    }
}
