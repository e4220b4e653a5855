import Testing
import Torch
import TorchTestSupport

@testable import Detectors

/// The losses against PyTorch's, with gradients, by `detection_values.py`.
@Suite struct LossTests {
    /// A leaf by its fill rule.
    private func leaf(_ value: JSONValue) throws -> Tensor {
        let leaf = try value.filled
        leaf.requiresGrad = true
        return leaf
    }

    @Test(
        "The losses of proposals count drawn anchors only, and are divided by those that should be")
    func proposals() throws {
        for golden in try OperationValues.at("proposals").list {
            let logits = try leaf(golden.at("logits"))
            let deltas = try leaf(golden.at("deltas"))
            let samples = try golden.at("samples").list.map { sample in
                AnchorSample(
                    positives: try sample.at("positives").indices,
                    negatives: try sample.at("negatives").indices,
                    truths: try sample.at("truths").boxes)
            }
            let losses = proposalLosses(
                logits: logits, deltas: deltas, anchors: try golden.at("anchors").boxes,
                samples: samples, beta: try golden.at("beta").number,
                batchSizePerImage: try golden.at("batch_size_per_image").int)
            (losses.classification + losses.box).backward()
            try expectAgreement { agreement in
                agreement.compare(
                    "class", losses.classification.item(), try golden.at("classification").number)
                agreement.compare("box", losses.box.item(), try golden.at("box").number)
                agreement.compare("logits", logits.grad, try golden.at("logits_gradient").summary)
                agreement.compare("deltas", deltas.grad, try golden.at("deltas_gradient").summary)
            }
        }
    }

    @Test("The box head's losses are over all regions, and only the truth's class has a box")
    func boxHead() throws {
        for golden in try OperationValues.at("box_head").list {
            let logits = try leaf(golden.at("logits"))
            let deltas = try leaf(golden.at("deltas"))
            let classes = try golden.at("classes").indices
            let ofClass = boxClassLoss(logits, classes: classes)
            let ofBox = boxRegressionLoss(
                deltas, proposals: try golden.at("proposals").boxes,
                truths: try golden.at("truths").boxes, classes: classes,
                classCount: try golden.at("class_count").int, beta: try golden.at("beta").number)
            (ofClass + ofBox).backward()
            try expectAgreement { agreement in
                agreement.compare("class", ofClass.item(), try golden.at("class").number)
                agreement.compare("box", ofBox.item(), try golden.at("box").number)
                agreement.compare("logits", logits.grad, try golden.at("logits_gradient").summary)
                agreement.compare("deltas", deltas.grad, try golden.at("deltas_gradient").summary)
            }
        }
    }

    @Test("The mask loss takes one channel for all classes, too")
    func maskOfAllClasses() throws {
        let golden = try OperationValues.at("mask")
        let logits = try leaf(golden.at("logits"))
        let targets = Tensor(
            hashed(54002, count: 144).map { $0 > 0.2 ? 1.0 : 0 }, shape: [4, 6, 6])
        let loss = maskLoss(logits, classes: Tensor([Int64](0..<4)), targets: targets)
        loss.backward()
        try expectAgreement { agreement in
            agreement.compare("mask", loss.item(), try golden.at("loss").number)
            agreement.compare("gradient", logits.grad, try golden.at("gradient").summary)
        }
    }

    @Test("The focal loss of classes leaves out rows that are ignored")
    func focalOfClasses() throws {
        for golden in try OperationValues.at("focal").list {
            let logits = try leaf(golden.at("logits"))
            let loss = sigmoidFocalLoss(
                logits, classes: try golden.at("classes").indices,
                alpha: try golden.at("alpha").number, gamma: try golden.at("gamma").number)
            loss.backward()
            try expectAgreement { agreement in
                agreement.compare("focal", loss.item(), try golden.at("loss").number)
                agreement.compare("gradient", logits.grad, try golden.at("gradient").summary)
            }
        }
    }

    @Test(
        "The kernel's focal loss is that of operators, and the same for any number of threads",
        arguments: [(0.25, 2.0), (-1, 1.5), (0.5, 0), (0.9, 1)])
    func focalKernel(alpha: Double, gamma: Double) throws {
        let former = Runtime.threads
        defer { Runtime.setThreads(former) }
        // Rows of 37 do not fill lanes; some logits are extreme.
        let numbers = Tensor.hashed(57, shape: [900, 37], scale: 90)
        let classes = Tensor((0..<900).map { Int64($0 * 7 % 45) - 1 })
        func run(_ dtype: DType, _ loss: (Tensor) -> Tensor) throws -> (
            loss: Double, gradient: Tensor
        ) {
            let logits = numbers.to(dtype).clone()
            logits.requiresGrad = true
            let value = loss(logits)
            (value * 0.37).backward()
            return (value.item(), try #require(logits.grad))
        }
        func kernel(_ logits: Tensor) -> Tensor {
            sigmoidFocalLoss(logits, classes: classes, alpha: alpha, gamma: gamma)
        }
        let expected = try run(.float64) {
            FocalLoss(alpha: alpha, gamma: gamma).byOperators($0, classes)
        }
        for (dtype, tolerance) in [(DType.float64, 1e-9), (.float32, 1e-6), (.bfloat16, 1.0 / 128)]
        {
            Runtime.setThreads(1)
            let found = try run(dtype, kernel)
            #expect(abs(found.loss / expected.loss - 1) < tolerance)
            #expect(relativeError(found.gradient, expected.gradient) < tolerance)
            Runtime.setThreads(5)
            let again = try run(dtype, kernel)
            #expect(again.loss == found.loss && again.gradient.bytes() == found.gradient.bytes())
        }
    }

    @Test("A logit that is no number makes a loss that is none")
    func notANumber() {
        for place in [0, 5, 36] {
            var numbers = [Float](repeating: 0, count: 37)
            // One whose last bits are not 0.
            numbers[place] = Float(nan: 3, signaling: false)
            let logits = Tensor(numbers, shape: [1, 37])
            #expect(sigmoidFocalLoss(logits, classes: Tensor([Int64(5)])).item().isNaN)
        }
    }

    @Test("An infinitely low logit of a class that is not there costs nothing")
    func infinitelyLow() {
        let logits = Tensor([Float](repeating: -.infinity, count: 40), shape: [2, 20])
        logits.requiresGrad = true
        let loss = sigmoidFocalLoss(logits, classes: Tensor([Int64]([20, 20])))
        loss.backward()
        #expect(loss.item() == 0)
        #expect(logits.grad?.sumOfSquares().item() == 0)
    }

    @Test("With nothing to compare every loss is 0, and so are its gradients")
    func nothing() {
        let none = Tensor([Int64]())
        func check(_ shape: [Int], _ loss: (Tensor) -> Tensor) {
            let source = Tensor.ones([2, 3], dtype: .float64)
            source.requiresGrad = true
            let input = source.narrow(0, 0..<0).reshape([0] + shape)
            let value = loss(input)
            value.backward()
            #expect(value.item() == 0)
            #expect(source.grad?.elements(as: Double.self) == Array(repeating: 0, count: 6))
        }
        let boxes = Tensor.zeros([0, 4], dtype: .float64)
        check([3]) { boxClassLoss($0, classes: none) }
        check([8]) {
            boxRegressionLoss($0, proposals: boxes, truths: boxes, classes: none, classCount: 2)
        }
        check([3, 2, 2]) { maskLoss($0, classes: none, targets: .zeros([0, 2, 2])) }
        check([3]) { sigmoidFocalLoss($0, classes: none) }
        check([3]) { binaryCrossEntropySum($0, $0.detach()) }
        check([3]) { smoothL1Sum($0, $0.detach(), beta: 0.1) }
    }

    @Test("Logits in bfloat16 make a loss in float32, and a gradient in their own type")
    func lowerPrecision() throws {
        let exact = Tensor.hashed(7, shape: [40, 5], scale: 4, dtype: .bfloat16)
        let classes = Tensor((0..<40).map { Int64($0 % 6) })
        for dtype in [DType.bfloat16, .float32] {
            let logits = exact.to(dtype).clone()
            logits.requiresGrad = true
            let loss = sigmoidFocalLoss(logits, classes: classes)
            loss.backward()
            #expect(loss.dtype == .float32)
            #expect(logits.grad?.dtype == dtype)
            let reference = sigmoidFocalLoss(exact.to(.float64), classes: classes)
            #expect(relativeError(loss, reference) < 1e-6)
        }
    }
}
