import Torch

/// Brings the bytes of a ring's slot to where a step reads them.
protocol SlotFeed: AnyObject {
    /// The pixels of the batch that was taken last, uint8 `[batchSize, H, W, 3]`.
    var pixels: Tensor { get }

    /// Takes the bytes of a slot.
    ///
    /// - Parameters:
    ///   - start: the slot's first byte in the buffer.
    ///   - count: how many images it holds.
    /// - Throws: `OperatorError` where a card failed.
    func take(from start: Int, count: Int) throws

    /// Waits until the slot that was taken last is no longer read.
    ///
    /// - Returns: false where there is none.
    /// - Throws: `OperatorError` where a card failed.
    func finishFormer() throws -> Bool

    /// Forgets the slot that was taken last.
    func restart()
}

/// On the CPU a step reads the slot itself.
final class HostFeed: SlotFeed {
    private(set) var pixels: Tensor
    private let buffer: HostBuffer
    private let shape: [Int]
    private var hasSlot = false

    init(_ buffer: HostBuffer, shape: [Int]) {
        self.buffer = buffer
        self.shape = shape
        pixels = buffer.view(from: 0, shape: shape)
    }

    func take(from start: Int, count: Int) {
        pixels = buffer.view(from: start, shape: [count] + shape.dropFirst())
        hasSlot = true
    }

    func finishFormer() -> Bool {
        defer { hasSlot = false }
        return hasSlot
    }

    func restart() { hasSlot = false }
}

/// On a card the slot is copied on a stream of its own into one of two tensors, beside the step before, and from
/// there by the step's stream into the tensor that never moves, so that a recorded step finds it.
final class CardFeed: SlotFeed {
    let pixels: Tensor
    private let buffer: HostBuffer
    private let device: Device
    private let stream: CUDAStream
    private var stages: [Stage]
    private var next = 0
    private var former: Int?

    private struct Stage {
        let tensor: Tensor

        /// The copy from the host is done.
        let filled: CUDAEvent

        /// The step's stream has read it; recorded once it was used.
        let emptied: CUDAEvent
        var isUsed = false
    }

    init(_ buffer: HostBuffer, shape: [Int], on device: Device) throws {
        self.buffer = buffer
        self.device = device
        pixels = Tensor.zeros(shape, dtype: .uint8, device: device)
        stream = try CUDAStream(on: device)
        stages = try (0..<2).map { _ in
            Stage(
                tensor: Tensor.zeros(shape, dtype: .uint8, device: device),
                filled: try CUDAEvent(), emptied: try CUDAEvent())
        }
        // The zeros above are written on the current stream.
        try stream.wait(for: .current(on: device))
    }

    func take(from start: Int, count: Int) throws {
        let stage = stages[next]
        let shape = [count] + pixels.shape.dropFirst()
        let part = stage.tensor.narrow(0, 0..<count)
        try stream.use {
            if stage.isUsed { try stage.emptied.block(stream) }
            withoutGrad {
                _ = part.copy(from: buffer.view(from: start, shape: shape), nonBlocking: true)
            }
            try stage.filled.record(on: stream)
        }
        let current = try CUDAStream.current(on: device)
        try stage.filled.block(current)
        withoutGrad { _ = pixels.narrow(0, 0..<count).copy(from: part) }
        try stage.emptied.record(on: current)
        stages[next].isUsed = true
        former = next
        next = 1 - next
    }

    func finishFormer() throws -> Bool {
        guard let former else { return false }
        self.former = nil
        try stages[former].filled.synchronize()
        return true
    }

    func restart() { former = nil }
}
