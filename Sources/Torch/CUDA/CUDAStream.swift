import CTorch

/// A queue of work on a card: what is queued runs in order, beside the work of other streams.
///
/// Operators queue on the calling thread's current stream of their device.
public struct CUDAStream: Sendable {
    private let handle: ct_cuda_stream

    /// Takes a stream from LibTorch's pool; never the default one.
    ///
    /// - Parameter device: a card.
    /// - Throws: `OperatorError` where there is no such card.
    public init(on device: Device) throws(OperatorError) {
        var handle = ct_cuda_stream()
        try attempt(ct_cuda_stream_new(device.handle.index, &handle), "stream")
        self.handle = handle
    }

    private init(_ handle: ct_cuda_stream) {
        self.handle = handle
    }

    /// The stream that this thread's operators queue on.
    ///
    /// - Parameter device: a card.
    /// - Returns: the stream.
    /// - Throws: `OperatorError` where there is no such card.
    public static func current(on device: Device) throws(OperatorError) -> CUDAStream {
        var handle = ct_cuda_stream()
        try attempt(ct_cuda_stream_current(device.handle.index, &handle), "current stream")
        return CUDAStream(handle)
    }

    /// Makes what is queued here from now wait for all that is queued on `other` so far.
    ///
    /// - Throws: `OperatorError` where the card failed.
    public func wait(for other: CUDAStream) throws(OperatorError) {
        let event = try CUDAEvent()
        try event.record(on: other)
        try event.block(self)
    }

    /// Queues the work of `body` on this stream, beside that of all others.
    ///
    /// - Parameter body: the work; the current stream is restored also when it throws.
    /// - Returns: what `body` returns.
    /// - Throws: `OperatorError` where the card failed, and what `body` throws.
    public func use<Result>(_ body: () throws -> Result) throws -> Result {
        let former = try exchange()
        let outcome = Swift.Result { try body() }
        _ = try former.exchange()
        return try outcome.get()
    }

    /// Queues the work of `body` on this stream, in order with the current stream's: behind what is
    /// queued there before, and before what is queued there afterwards.
    ///
    /// - Parameter body: the work; the current stream is restored also when it throws.
    /// - Returns: what `body` returns.
    /// - Throws: `OperatorError` where the card failed, and what `body` throws.
    public func run<Result>(_ body: () throws -> Result) throws -> Result {
        let outside = try exchange()
        let outcome = Swift.Result {
            try wait(for: outside)
            return try body()
        }
        _ = try outside.exchange()
        let result = try outcome.get()
        try outside.wait(for: self)
        return result
    }

    /// Makes this the current stream of its device.
    private func exchange() throws(OperatorError) -> CUDAStream {
        var former = ct_cuda_stream()
        try attempt(ct_cuda_stream_exchange(handle, &former), "stream")
        return CUDAStream(former)
    }

    func record(_ event: ct_cuda_event) throws(OperatorError) {
        try attempt(ct_cuda_event_record(event, handle), "event")
    }

    func block(on event: ct_cuda_event) throws(OperatorError) {
        try attempt(ct_cuda_event_block(event, handle), "event")
    }
}

/// A mark in a stream, to wait for and to measure time by.
public final class CUDAEvent {
    private let handle: ct_cuda_event

    /// Makes an event; it takes its place when it is recorded.
    ///
    /// - Throws: `OperatorError` where LibTorch has no CUDA.
    public init() throws(OperatorError) {
        var created: ct_cuda_event?
        try attempt(ct_cuda_event_create(&created), "event")
        guard let created else { preconditionFailure("event: LibTorch gave none") }
        handle = created
    }

    deinit { ct_cuda_event_free(handle) }

    /// Marks the end of what is queued on a stream so far.
    ///
    /// - Throws: `OperatorError` where the card failed.
    public func record(on stream: CUDAStream) throws(OperatorError) { try stream.record(handle) }

    /// Makes what is queued on a stream from now wait for this mark.
    ///
    /// - Throws: `OperatorError` where the card failed.
    public func block(_ stream: CUDAStream) throws(OperatorError) {
        try stream.block(on: handle)
    }

    /// Waits, on the host, until the card has come to this mark.
    ///
    /// - Throws: `OperatorError` where work before it failed.
    public func synchronize() throws(OperatorError) {
        try attempt(ct_cuda_event_synchronize(handle), "event")
    }

    /// The time from another mark to this one, in milliseconds.
    ///
    /// - Parameter start: an earlier mark; the card has passed both.
    /// - Returns: the time.
    /// - Throws: `OperatorError` where one of the two is not recorded or not passed.
    public func milliseconds(since start: CUDAEvent) throws(OperatorError) -> Double {
        var time = 0.0
        try attempt(ct_cuda_event_elapsed(start.handle, handle, &time), "event")
        return time
    }
}
