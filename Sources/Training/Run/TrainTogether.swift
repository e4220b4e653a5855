import Torch

/// Trains several students at once, as a card can that one of them does not fill.
///
/// Each has a stream of its own on the card. The host queues steps of one after another and only then
/// waits, so that they run beside each other; each learns what it learns alone.
///
/// - Parameters:
///   - trainers: the runs; their options name the same device.
///   - device: that device. The CPU runs their steps in turn.
/// - Returns: how each ended, in the order of `trainers`.
/// - Throws: what the first of them that fails throws; each one's last good checkpoint stays.
public func trainTogether(_ trainers: [Trainer], on device: Device) throws -> [TrainingOutcome] {
    // What the runs start from has been queued on the current stream.
    try device.synchronize()
    let lanes = try trainers.map { trainer in
        (trainer: trainer, stream: device == .cpu ? nil : try CUDAStream(on: device))
    }
    func inLane<Result>(_ index: Int, _ work: (Trainer) throws -> Result) throws -> Result {
        let (trainer, stream) = lanes[index]
        guard let stream else { return try work(trainer) }
        return try stream.use { try work(trainer) }
    }
    var outcomes = try lanes.indices.map { try inLane($0) { try $0.start() } }
    while outcomes.contains(nil) {
        let running = lanes.indices.filter { outcomes[$0] == nil }
        for index in running { try inLane(index) { try $0.queue() } }
        for index in running { outcomes[index] = try inLane(index) { try $0.settle() } }
    }
    try device.synchronize()
    return outcomes.compactMap(\.self)
}
