import Detectors
import TensorFiles
import Torch
import TorchNN
import VisionModels

extension DetectorArchitecture {
    /// How many classes a file's weights of this detector tell apart; nil where it has none that fit.
    func classCount(in files: [WeightFile]) -> Int? {
        guard
            let count = files.lazy.flatMap(\.entries).compactMap(DetectorWeights.classCount).first,
            count > 0
        else { return nil }
        var settings = DetectorSettings()
        settings.classCount = count
        let wanted = make(settings: settings, generator: Generator(seed: 0), device: .meta)
            .stateDict()
        let counts = wanted.contains(where: \.isBatchCounter)
        let own = files.map(DetectorWeights.withoutConstants).map {
            counts ? $0 : DetectorWeights.withoutCounters($0)
        }
        let weights = FittingWeights(own, for: wanted, parts: DetectorWeights.partsOfDetectors)
        return (try? weights.stateDict.check(fits: wanted, of: name)) == nil ? nil : count
    }
}
