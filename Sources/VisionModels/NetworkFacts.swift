import Synchronization
import Torch
import TorchNN

/// What is known of an architecture's networks without making one that has weights.
public struct NetworkFacts: Sendable {
    /// The stages from shallow to deep.
    public let stages: [StageInfo]

    /// How many channels the pooled features have.
    public let pooledChannels: Int

    /// The shapes of the levels for one image: the stages, then the pooled features, `[1, C, H, W]` each.
    public let levels: [[Int]]

    /// The number of trainable numbers.
    public let parameterCount: Int

    /// How many multiplications with an addition one image takes.
    public let multiplyAccumulates: Int

    /// Parameters and buffers under PyTorch's keys, on `.meta`: names, shapes and types.
    public let stateDict: [NamedTensor]

    /// Reads them from a network on `.meta`, with one walk over its modules.
    init(_ network: any Backbone, imageSize: Int) {
        let pass = network.countedPass(imageSize: imageSize, device: .meta)
        stages = network.stageInfo
        pooledChannels = network.pooledChannels
        levels = pass.pyramid.levels.map(\.shape)
        multiplyAccumulates = pass.count
        stateDict = network.stateDict()
        parameterCount = stateDict.lazy.filter(\.tensor.requiresGrad)
            .reduce(0) { $0 + $1.tensor.count }
    }
}

extension Architecture {
    /// The keys of the tensors whose shape follows the number of classes: those of the last layer.
    package var classifierKeys: Set<String> {
        let pairs = zip(facts(classCount: 1).stateDict, facts(classCount: 2).stateDict)
        return Set(pairs.filter { $0.tensor.shape != $1.tensor.shape }.map(\.0.name))
    }

    private struct Key: Hashable {
        let architecture: Architecture
        let classCount: Int
    }

    private static let known = Mutex<[Key: NetworkFacts]>([:])

    /// The facts of a network with a number of classes, read once from one on `.meta`.
    ///
    /// - Parameter classCount: the number of logits; that of the published weights where nothing is given.
    /// - Returns: the facts.
    public func facts(classCount: Int? = nil) -> NetworkFacts {
        let classCount = classCount ?? self.classCount
        let key = Key(architecture: self, classCount: classCount)
        if let facts = Architecture.known.withLock({ $0[key] }) { return facts }
        let network = make(classCount: classCount, generator: Generator(seed: 0), device: .meta)
        let facts = NetworkFacts(network, imageSize: imageSize)
        Architecture.known.withLock { $0[key] = facts }
        return facts
    }
}
