import Foundation
import Testing
import TorchTestSupport
import VisionModels

/// A file of golden values, and what kind its name says it is.
struct GoldenFile: CustomTestStringConvertible, Sendable {
    enum Kind { case forward, pair, hclAndABF, baselines, architectures }

    let url: URL

    var name: String { url.lastPathComponent }
    var testDescription: String { name }

    /// The folder that `REVIEWKD_FIXTURES` names, `Tests/Fixtures` where it names none.
    static let folder: URL =
        ProcessInfo.processInfo.environment["REVIEWKD_FIXTURES"].map { URL(filePath: $0) }
        ?? committed

    static let committed = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")

    /// The JSON files of the folder by name; none where the folder is missing or unreadable.
    static let all: [GoldenFile] = {
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (names ?? []).filter { $0.hasSuffix(".json") }.sorted()
            .map { GoldenFile(url: folder.appending(path: $0)) }
    }()

    static func all(of kind: Kind) -> [GoldenFile] { all.filter { $0.kind == kind } }

    /// Nil where the tests do not know what to do with the file.
    var kind: Kind? {
        switch name {
        case "unit-hcl-abf.json": .hclAndABF
        case "unit-baselines.json", "unit-additions.json": .baselines
        case "architectures.json": .architectures
        case _ where name.hasPrefix("forward-"): .forward
        case _ where name.hasPrefix("pair-"): .pair
        default: nil
        }
    }

    func decode<Content: Decodable>(_ type: Content.Type) throws -> Content {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(contentsOf: url))
    }
}

struct ForwardFile: Decodable {
    let model: String
    let runningStats: [String: [Double]]
    let input: Filled
    let logits: [[Double]]
    let logitsSummary: Summary
    let feats: [Summary]
    let preactFeats: [Summary]?
    let pooled: Summary
}

struct PairFile: Decodable {
    struct Optimizer: Decodable {
        let lr: Double
        let momentum: Double
        let nesterov: Bool
        let weightDecay: Double
    }

    struct Step: Decodable {
        let ce: Double
        let hcl: Double
        let loss: Double
        let review: [Summary]
        let teacher: [Summary]
        let gradL2: [String: Double]?
    }

    let student: String
    let teacher: String
    let teacherRunningStats: [String: [Double]]
    let weight: Double
    let optimizer: Optimizer
    let batch: Int

    /// Height and width of the images; those that the student is made for where nothing is said.
    let imageSize: Int?

    /// The width of the fused features; the usual one where nothing is said.
    let midChannels: Int?

    /// Whether the student's features are those before the last activation.
    let studentPreactivations: Bool?
    let steps: [Step]
    let after: [String: Summary]
}

struct UnitFile: Decodable {
    struct HCL: Decodable {
        let shape: [Int]
        let studentKey: Int
        let teacherKey: Int
        let scale: Double
        let loss: Double
        let grad: Summary
    }

    struct ABF: Decodable {
        let inChannels: Int
        let midChannels: Int
        let outChannels: Int
        let fuse: Bool
        let x: Filled
        let y: Filled?
        let outShape: Int
        let fillBase: Int
        let probe: String
        let output: Summary
        let residual: Summary
        let gradX: Summary
        let gradY: Summary?
        let grads: [String: Summary]
        let after: [String: Summary]
    }

    let hcl: [HCL]
    let abf: [ABF]
}

struct BaselinesFile: Decodable {
    struct Case: Decodable {
        let method: String
        let inputs: [String: Filled]
        let parameters: Parameters
        let loss: Double
        let gradStudent: Summary
    }

    struct Parameters: Decodable {
        let temperature: Double?
        let alpha: Double?
        let beta: Double?
        let gamma: Double?
        let tau: Double?
        let targets: [Int64]?
        let distanceWeight: Double?
        let angleWeight: Double?
    }

    let cases: [Case]
}

struct PublishedNetwork: Decodable {
    let parameters: [String: [Int]]
}
