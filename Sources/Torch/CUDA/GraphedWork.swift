/// Work on a card that is the same each time: queued as it stands at first, from then on as a graph.
///
/// The first runs let libraries make their plans and allocate their workspaces, and let what is
/// allocated lazily come to be; they count like all others. The next one records the work, and it and
/// all that follow are replays.
///
/// Reference: <https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs>.
public final class GraphedWork {
    /// How many runs come before the recording.
    public static let runsBefore = 3

    private let device: Device
    private let stream: CUDAStream
    private let body: () -> Void
    private var graph: CUDAGraph?
    private var runs = 0

    /// Prepares work; nothing runs yet.
    ///
    /// - Parameters:
    ///   - device: the card.
    ///   - body: the work, which follows the rules of `CUDAGraph`. It is called once for each run up to
    ///     the recording and never afterwards.
    /// - Throws: `OperatorError` where there is no such card.
    public init(on device: Device, _ body: @escaping () -> Void) throws(OperatorError) {
        self.device = device
        self.body = body
        stream = try CUDAStream(on: device)
    }

    /// Queues the work behind what is queued on the current stream.
    ///
    /// - Throws: `OperatorError` where the card failed or refused the recording.
    public func run() throws {
        if graph == nil, runs < Self.runsBefore {
            runs += 1
            return try stream.run(body)
        }
        let graph = try graph ?? CUDAGraph.capture(on: device, stream: stream, body)
        self.graph = graph
        try graph.replay()
    }
}
