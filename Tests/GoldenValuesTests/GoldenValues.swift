import Foundation
import Testing
import Torch
import TorchNN
import TorchTestSupport
import VisionModels

@testable import Distillation

/// Values of the models and the method against those of the best-known public implementations.
///
/// The files lie in `Tests/Fixtures`, or in the folder that `REVIEWKD_FIXTURES` names.
@Suite struct GoldenValues {
    @Test("The fill rule gives its published numbers")
    func fillRule() {
        #expect(
            hashed(0, count: 3) == [0.7666215896606445, 0.13312304019927979, 0.1823793649673462])
    }

    @Test("There are files of golden values, and every one is of a known kind")
    func folderHoldsKnownFiles() {
        #expect(!GoldenFile.all.isEmpty, "no .json file in \(GoldenFile.folder.path)")
        for file in GoldenFile.all {
            #expect(
                file.kind != nil,
                "\(file.name) is of no known kind: teach GoldenFile.Kind about it, or remove it")
        }
    }

    @Test("Every file agrees in float64 to 1e-6", arguments: GoldenFile.all)
    func agreesInFloat64(_ file: GoldenFile) throws {
        guard let kind = file.kind else { return }
        var agreement = Agreement()
        var notBuilt: [String] = []
        switch kind {
        case .forward: try agreement.check(file.decode(ForwardFile.self))
        case .pair: try agreement.check(file.decode(PairFile.self))
        case .hclAndABF: try agreement.check(file.decode(UnitFile.self))
        case .baselines: notBuilt = try agreement.check(file.decode(BaselinesFile.self))
        case .architectures:
            try agreement.check(file.decode([String: PublishedNetwork].self))
        }
        let rest = notBuilt.isEmpty ? "" : "; not built yet: \(notBuilt.joined(separator: ", "))"
        print(
            "golden \(file.name): \(agreement.valueCount) values, "
                + "largest error \(agreement.largestError)\(rest)")
        #expect(agreement.valueCount > 0, "\(file.name) compared nothing")
        let count = agreement.disagreements.count
        #expect(count == 0, "\(count) values of \(file.name) disagree; the first ten:")
        for disagreement in agreement.disagreements.prefix(10) {
            Issue.record("\(file.name): \(disagreement)")
        }
    }
}

extension Agreement {
    mutating func check(_ file: ForwardFile) throws {
        let network = try file.network()
        let features = withoutGrad { network.features(file.input.tensor()) }
        compare("feats", [features.stem] + features.stages, file.feats)
        if let golden = file.preactFeats {
            compare("preact_feats", [features.stem] + features.preactivations, golden)
        }
        compare("pooled", features.pooled?.flatten(from: 1), file.pooled)
        compare("logits", features.logits, file.logitsSummary)
        let rows = features.logits.map { $0.elements(as: Double.self) } ?? []
        for (index, golden) in file.logits.enumerated() {
            let start = index * file.logitsSummary.size(1)
            for (column, value) in golden.enumerated() where start + column < rows.count {
                compare("logits[\(index), \(column)]", rows[start + column], value)
            }
        }
    }

    mutating func check(_ file: PairFile) throws {
        let task = try PairTask(file)
        let parameters = task.distiller.trainableParameters
        let optimizer = SGD(
            parameters,
            options: SGD.Options(
                momentum: file.optimizer.momentum, weightDecay: file.optimizer.weightDecay,
                nesterov: file.optimizer.nesterov))
        for (index, golden) in file.steps.enumerated() {
            let (terms, pairs, _) = task.forward(step: index)
            compare("step \(index) ce", terms.terms[0].value.item(), golden.ce)
            compare("step \(index) hcl", terms.terms[1].value.item(), golden.hcl)
            let total = terms.total(weights: task.weights)
            compare("step \(index) loss", total.item(), golden.loss)
            compare("step \(index) review", pairs.map(\.student), golden.review)
            compare("step \(index) teacher", pairs.map(\.teacher), golden.teacher)
            total.backward()
            if let gradL2 = golden.gradL2 {
                compareNames("gradients", parameters.map(\.name), Array(gradL2.keys))
                for parameter in parameters {
                    guard let norm = gradL2[parameter.name] else { continue }
                    let found = parameter.tensor.grad?.sumOfSquares().item().squareRoot()
                    compare("gradient of \(parameter.name)", found ?? .nan, norm)
                }
            }
            optimizer.step(learningRate: file.optimizer.lr)
        }
        compare("after", task.distiller.stateDict().sortedForFill, file.after)
    }

    mutating func check(_ file: UnitFile) throws {
        for golden in file.hcl {
            func map(_ key: Int) -> Tensor {
                Filled(key: key, shape: golden.shape, scale: golden.scale).tensor()
            }
            let student = map(golden.studentKey)
            student.requiresGrad = true
            let loss = hierarchicalContextLoss(student, map(golden.teacherKey))
            loss.backward()
            compare("hcl \(golden.shape)", loss.item(), golden.loss)
            compare("hcl \(golden.shape) gradient", student.grad, golden.grad)
        }
        for (index, golden) in file.abf.enumerated() { check(golden, "abf \(index)") }
    }

    private mutating func check(_ golden: UnitFile.ABF, _ name: String) {
        let block = AttentionBasedFusion(
            inChannels: golden.inChannels, midChannels: golden.midChannels,
            outChannels: golden.outChannels, fusion: golden.fuse ? .abf : .plain,
            generator: Generator(seed: 0))
        block.convert(dtype: .float64)
        block.stateDict().fillWithHash(base: golden.fillBase)
        let feature = golden.x.tensor()
        let deeper = golden.y?.tensor()
        feature.requiresGrad = true
        deeper?.requiresGrad = true
        let (output, fused) = block(
            feature, deeper: deeper, size: (golden.outShape, golden.outShape))
        let keys = golden.probe.matches(of: /tensor\((\d+)\)/).compactMap { Int($0.output.1) }
        compareExactly("\(name) probe's tensors", keys.count, 2)
        let probed = zip([output, fused], keys).map { tensor, key in
            (tensor * Tensor.hashed(key, shape: tensor.shape)).sum()
        }
        probed.dropFirst().reduce(probed[0], +).backward()
        compare("\(name) output", output, golden.output)
        compare("\(name) residual", fused, golden.residual)
        compare("\(name) grad_x", feature.grad, golden.gradX)
        if let gradY = golden.gradY { compare("\(name) grad_y", deeper?.grad, gradY) }
        let gradients = block.parameters().compactMap { parameter in
            parameter.tensor.grad.map { NamedTensor(parameter.name, $0) }
        }
        compare("\(name) grads", gradients, golden.grads)
        compare("\(name) after", block.stateDict().sortedForFill, golden.after)
    }

    /// Checks the methods that exist and returns the others.
    mutating func check(_ file: BaselinesFile) throws -> [String] {
        var notBuilt: [String] = []
        for golden in file.cases {
            guard let student = golden.inputs["student"]?.tensor(),
                let teacher = golden.inputs["teacher"]?.tensor()
            else { continue }
            student.requiresGrad = true
            guard let loss = golden.loss(student: student, teacher: teacher) else {
                if notBuilt.last != golden.method { notBuilt.append(golden.method) }
                continue
            }
            loss.backward()
            compare(golden.method, loss.item(), golden.loss)
            compare("\(golden.method) gradient", student.grad, golden.gradStudent)
        }
        return notBuilt
    }

    /// Checks the names and shapes of the models.
    mutating func check(_ file: [String: PublishedNetwork]) throws {
        for (name, golden) in file.sorted(by: { $0.key < $1.key }) {
            guard let model = Architecture.all.first(where: { $0.name == name }) else {
                compareExactly("architectures", "no model", name)
                continue
            }
            let state = model.facts().stateDict
            compareNames(name, state.map(\.name), Array(golden.parameters.keys))
            for entry in state {
                guard let shape = golden.parameters[entry.name] else { continue }
                compareExactly("\(name) \(entry.name)", entry.tensor.shape, shape)
            }
        }
    }
}
