import Distillation
import Torch
import TorchNN
import TorchTestSupport
import VisionModels

@testable import Detectors

@Sendable func checkDetectorArchitectures(
    _ file: DetectionFile, _ agreement: inout Agreement
) throws {
    let contents = try file.contents()
    let models = try contents.at("models")
    let groups = try contents.at("groups")
    func entries(_ names: [String]) throws -> [String: [Int]] {
        var entries: [String: [Int]] = [:]
        for name in names {
            let group = try groups.at(name)
            for key in group.keys { entries[key] = try group.at(key).ints }
        }
        return entries
    }
    for name in models.keys {
        let golden = try models.at(name)
        let detector = try DetectorArchitecture(fixture: name).make(
            generator: Generator(seed: 0), device: .meta)
        let state = detector.stateDict()
        let wanted = try entries(golden.at("groups").strings)
        agreement.compareShapes(name, state, wanted)
        agreement.compareExactly(
            "\(name) entries", state.count, try golden.at("entries").int)
        agreement.compareExactly(
            "\(name) values", state.reduce(0) { $0 + $1.tensor.count },
            try golden.at("values").int)
        agreement.compareExactly(
            "\(name) parameters", detector.parameterCount, try golden.at("parameters").int)
        agreement.compareExactly(
            "\(name) trainable",
            detector.trainableParameters.reduce(0) { $0 + $1.tensor.count },
            try golden.at("trainable").int)
        let frozen = detector.parameters().filter { !$0.tensor.requiresGrad }.map(\.name)
        let prefixes = try golden.at("frozen").strings
        agreement.compareExactly(
            "\(name) frozen",
            Set(frozen.map { $0.split(separator: ".").prefix(3).joined(separator: ".") }),
            Set(prefixes))
    }
    guard groups.optional("kd_trans") != nil else { return }
    let levels = try DetectorArchitecture(named: "faster_rcnn_R18").make(
        generator: Generator(seed: 0), device: .meta
    ).levels
    let module = try ReviewModule(
        student: levels, teacher: levels,
        matching: StageMatching(student: levels, teacher: levels), generator: Generator(seed: 0))
    agreement.compareShapes(
        "kd_trans", module.stateDict().map { $0.prefixed("kd_trans") },
        try entries(["kd_trans"]))
}

@Sendable func checkRunningStatistics(
    _ file: DetectionFile, _ agreement: inout Agreement
) throws {
    let contents = try file.contents()
    agreement.expectKeys(of: contents, in: ["backbone", "base", "running_stats", "note"])
    let kind = try contents.at("backbone").string
    let detector = try DetectorArchitecture(named: "faster_rcnn_\(kind)").make(
        generator: Generator(seed: 0), device: .meta)
    let shapes = Dictionary(
        detector.stateDict().map { ($0.name, $0.tensor.shape) }, uniquingKeysWith: { $1 })
    let values = try contents.at("running_stats")
    for name in values.keys {
        let numbers = try values.at(name).halves
        agreement.compareExactly(name, shapes[name] ?? [], [numbers.count])
        agreement.compareExactly(
            "\(name) is usable",
            numbers.allSatisfy { $0.isFinite && ($0 > 0 || name.hasSuffix("mean")) }, true)
    }
    let ends = ["running_mean", "running_var"]
    let wanted = shapes.keys.filter { name in ends.contains { name.hasSuffix(".\($0)") } }
    // The statistics of a large network may be spread over several files.
    let strange = Set(values.keys).subtracting(wanted)
    agreement.compareExactly("names of no norm", strange.sorted(), [])
}

extension Agreement {
    /// Compares names and shapes of a state dict.
    mutating func compareShapes(
        _ name: String, _ found: [NamedTensor], _ golden: [String: [Int]]
    ) {
        compareNames(name, found.map(\.name), Array(golden.keys))
        for entry in found {
            compareExactly("\(name) \(entry.name)", entry.tensor.shape, golden[entry.name] ?? [-1])
        }
    }
}
