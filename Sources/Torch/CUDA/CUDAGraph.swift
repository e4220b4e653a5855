import CTorch

/// Work on a card, recorded once and replayed as one launch.
///
/// A replay runs the recorded kernels on the recorded addresses: it reads its inputs from, and leaves
/// its results in, tensors that live as long as the graph. What the recorded work allocated on its
/// way lies in a pool of the graph's own.
///
/// While a graph is recorded nothing runs. The recorded work must not wait for the card (no `item`,
/// no copy to or from ordinary memory), must take the same way each time, and must have run before,
/// so that libraries have made their plans and allocated their workspaces.
///
/// Reference: <https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs>.
public final class CUDAGraph {
    private let handle: ct_cuda_graph
    private let device: Device

    private init(owning handle: ct_cuda_graph, device: Device) {
        self.handle = handle
        self.device = device
    }

    deinit { ct_cuda_graph_free(handle) }

    /// Records the work of `body`.
    ///
    /// - Parameters:
    ///   - device: the card.
    ///   - stream: where to record; not the default stream.
    ///   - body: the work. A failure of its operators is collected as in any step.
    /// - Returns: the graph, not yet run.
    /// - Throws: what `body` throws, and `OperatorError` where the card refuses the recording.
    public static func capture(
        on device: Device, stream: CUDAStream, _ body: () throws -> Void
    ) throws -> CUDAGraph {
        // Frees what earlier work left in the cache, which the graph's own pool cannot use.
        try device.synchronize()
        try attempt(ct_cuda_release_cached(), "graph capture")
        return try stream.run {
            let graph = try CUDAGraph.begin(on: device)
            let outcome = Swift.Result { try body() }
            // Also after a failure, since a stream that records takes no other work.
            let end = ct_cuda_graph_end(graph.handle, device.handle.index)
            defer { ct_error_free(end) }
            try outcome.get()
            if let failure = FailureCollector.current?.error { throw failure }
            if let end { throw OperatorError(end, operation: "graph capture") }
            return graph
        }
    }

    private static func begin(on device: Device) throws(OperatorError) -> CUDAGraph {
        var created: ct_cuda_graph?
        try attempt(ct_cuda_graph_begin(device.handle.index, &created), "graph capture")
        guard let created else { preconditionFailure("graph capture: LibTorch gave no graph") }
        return CUDAGraph(owning: created, device: device)
    }

    /// Queues the recorded work on the current stream.
    ///
    /// - Throws: `OperatorError` where the card failed.
    public func replay() throws(OperatorError) {
        try attempt(ct_cuda_graph_replay(handle, device.handle.index), "graph replay")
    }
}
