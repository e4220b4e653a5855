import Torch

/// Trains several students at once.
///
/// A card that one student does not fill runs them beside each other: each has a stream of its own, and
/// the host queues steps of one after another and only then waits. The CPU takes their steps in turn,
/// which saves the teacher's work where they share one that remembers. Each learns what it learns
/// alone, and one that fails does not keep the others from going on.
///
/// - Parameters:
///   - trainers: the runs; their options name the same device.
///   - device: that device.
/// - Returns: how each ended, or what it failed with, in the order of `trainers`.
/// - Throws: where the device fails before or after the runs; what one of several processes alone failed with.
public func trainTogether(
    _ trainers: [Trainer], on device: Device
) throws -> [Result<TrainingOutcome, any Error>] {
    // What the runs start from has been queued on the current stream.
    try device.synchronize()
    let streams = try trainers.map { _ in device == .cpu ? nil : try CUDAStream(on: device) }
    var ends: [Result<TrainingOutcome, any Error>?] = trainers.map { _ in nil }
    func advance(_ index: Int, _ work: (Trainer) throws -> TrainingOutcome?) throws {
        let end = Result {
            guard let stream = streams[index] else { return try work(trainers[index]) }
            return try stream.use { try work(trainers[index]) }
        }
        switch end {
        case .success(let outcome): ends[index] = outcome.map { .success($0) }
        case .failure(let error):
            // The next run's messages would meet those of this one.
            guard trainers[index].processes.areTogether(after: error) else { throw error }
            ends[index] = .failure(error)
        }
    }
    var running: [Int] { trainers.indices.filter { ends[$0] == nil } }
    for index in running { try advance(index) { try $0.start() } }
    while let least = running.map({ trainers[$0].state.step }).min() {
        // Runs that were resumed at different steps catch up with each other first.
        let due = running.filter { trainers[$0].state.step == least }
        guard device != .cpu else {
            // Nothing runs beside the host here, and each run's time is to be its own.
            for index in due {
                try advance(index) { trainer in
                    try trainer.queue()
                    return try trainer.settle()
                }
            }
            continue
        }
        for index in due {
            try advance(index) { trainer in
                try trainer.queue()
                return nil
            }
        }
        for index in due where ends[index] == nil { try advance(index) { try $0.settle() } }
    }
    try device.synchronize()
    return ends.compactMap(\.self)
}
