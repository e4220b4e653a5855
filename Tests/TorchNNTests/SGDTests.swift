import Testing
import Torch
import TorchNN
import TorchTestSupport

@Suite struct SGDTests {
    private func optimized(nesterov: Bool) throws -> (parameter: Tensor, optimizer: SGD) {
        let parameter = Tensor([1.0, -2.0, 0.5])
        parameter.requiresGrad = true
        let optimizer = SGD(
            [NamedTensor("p", parameter)],
            options: SGD.Options(momentum: 0.9, weightDecay: 0.01, nesterov: nesterov))
        for rate in [0.1, 0.1, 0.02] {
            (parameter * parameter * parameter).sum().backward()
            optimizer.step(learningRate: rate)
        }
        return (parameter, optimizer)
    }

    @Test(
        "A step without momentum subtracts the rate times gradient and decay, whoever knows the rate",
        arguments: [true, false])
    func withoutMomentum(onDevice: Bool) {
        let parameter = Tensor([1, -2, 0.5] as [Float])
        parameter.requiresGrad = true
        let optimizer = SGD(
            [NamedTensor("p", parameter)],
            options: SGD.Options(momentum: 0, weightDecay: 0.01, nesterov: false))
        (parameter * parameter * parameter).sum().backward()
        if onDevice {
            optimizer.step(learningRate: Tensor([0.1] as [Float]), skips: Tensor([0] as [Float]))
        } else {
            optimizer.step(learningRate: 0.1)
        }
        let expected = [1, -2, 0.5].map { $0 - 0.1 * (3 * $0 * $0 + 0.01 * $0) }
        expectClose(parameter, expected, relative: 1e-6)
    }

    /// The values are PyTorch 2.13's, with `nesterov=True` here and `False` below.
    ///
    ///     p = torch.nn.Parameter(torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64))
    ///     optimizer = torch.optim.SGD([p], lr=0.1, momentum=0.9, weight_decay=0.01, nesterov=True)
    ///     for lr in (0.1, 0.1, 0.02):
    ///         optimizer.param_groups[0]["lr"] = lr
    ///         optimizer.zero_grad()
    ///         (p**3).sum().backward()
    ///         optimizer.step()
    ///     print(p.tolist(), optimizer.state[p]["momentum_buffer"].tolist())
    @Test("Three steps with Nesterov momentum and weight decay move as PyTorch's")
    func nesterov() throws {
        let (parameter, optimizer) = try optimized(nesterov: true)
        expectClose(
            parameter,
            [0.025409145184072536, -44.6800236473903, 0.19929484386022892],
            relative: 1e-12)
        expectClose(
            optimizer.stateDict()[0].tensor,
            [2.956300106734933, 794.719929167113, 1.108418222362396],
            relative: 1e-12)
    }

    @Test("Three steps with plain momentum and weight decay move as PyTorch's")
    func plainMomentum() throws {
        let (parameter, optimizer) = try optimized(nesterov: false)
        expectClose(
            parameter,
            [0.2007606459270905, -11.319024971102056, 0.2744921771561742],
            relative: 1e-12)
        expectClose(
            optimizer.stateDict()[0].tensor,
            [4.00300270364547, 198.89308855510276, 1.3786623921912917],
            relative: 1e-12)
    }

    /// The labels' gradient of p and r is 3x², the teacher's of p and q is 2x.
    ///
    /// The reference is the published rule
    /// written out: two velocities of p, and one of each that a single gradient reaches.
    @Test(
        "DOT moves by two velocities, and what one gradient alone reaches by one with the momentum between them",
        arguments: [true, false])
    func distillationOriented(nesterov: Bool) throws {
        let start = [0.8, -0.6, 0.7]
        let leaves = start.map { value in
            let leaf = Tensor([value])
            leaf.requiresGrad = true
            return leaf
        }
        let optimizer = SGD(
            zip(["p", "q", "r"], leaves).map { NamedTensor($0, $1) },
            options: SGD.Options(momentum: 0.9, weightDecay: 0.01, nesterov: nesterov, dot: 0.05))
        var (p, q, r) = (start[0], start[1], start[2])
        var velocities = ["p": 0.0, "p taught": 0, "q": 0, "r": 0]
        func direction(_ name: String, _ gradient: Double, _ momentum: Double) -> Double {
            let velocity = momentum * (velocities[name] ?? .nan) + gradient
            velocities[name] = velocity
            return nesterov ? gradient + momentum * velocity : velocity
        }
        for rate in [0.1, 0.1, 0.02] {
            ((leaves[0] * leaves[0]).sum() + (leaves[1] * leaves[1]).sum()).backward()
            optimizer.takeTaughtGradients()
            let cubes = [leaves[0], leaves[2]].map { ($0 * $0 * $0).sum() }
            (cubes[0] + cubes[1]).backward()
            optimizer.step(learningRate: rate)
            p -=
                rate
                * (direction("p", 3 * p * p + 0.01 * p, 0.85) + direction("p taught", 2 * p, 0.95))
            q -= rate * direction("q", 2 * q + 0.01 * q, 0.9)
            r -= rate * direction("r", 3 * r * r + 0.01 * r, 0.9)
        }
        for (leaf, expected) in zip(leaves, [p, q, r]) {
            #expect(abs(leaf.item() - expected) < 1e-12)
        }
        #expect(
            optimizer.stateDict().map(\.name)
                == ["p", "q", "r", "taught.p", "taught.q", "taught.r"])
    }

    @Test("One step from rest moves by rate · (1 + momentum) · (gradient + decay · p)")
    func firstStep() {
        let parameter = Tensor([2.0])
        parameter.requiresGrad = true
        let optimizer = SGD([NamedTensor("p", parameter)])
        (parameter * 3).sum().backward()
        optimizer.step(learningRate: 0.1)
        let expected = 2 - 0.1 * 1.9 * (3 + 5e-4 * 2)
        expectClose(parameter, [expected], relative: 1e-14)
    }

    @Test("Parameters of batch norms can have a decay of their own, and others keep theirs")
    func normalizationDecay() throws {
        final class Unit: Module {
            let weight = Linear(1, 1, bias: false, generator: Generator(seed: 0))
            let norm = BatchNorm2d(1)
        }
        let unit = Unit()
        let parameters = unit.parameters().map { $0.prefixed("student") }
        #expect(
            parameters.filter(\.isOfNormalization).map(\.name)
                == ["student.norm.weight", "student.norm.bias"])
        let optimizer = SGD(
            parameters,
            options: SGD.Options(
                momentum: 0, weightDecay: 0.5, normalizationWeightDecay: 0, nesterov: false))
        let before = parameters.map { $0.tensor.item() }
        for parameter in parameters { (parameter.tensor * 2).sum().backward() }
        optimizer.step(learningRate: 0.1)
        let expected = zip(parameters, before).map { parameter, value in
            value - 0.1 * (2 + (parameter.isOfNormalization ? 0 : 0.5) * value)
        }
        for (parameter, value) in zip(parameters, expected) {
            #expect(abs(parameter.tensor.item() - value) < 1e-6, "\(parameter.name)")
        }
    }

    @Test("Parameters without a gradient stay, and gradients are forgotten after a step")
    func missingGradient() {
        let moved = Tensor([1.0])
        let unused = Tensor([1.0])
        for tensor in [moved, unused] { tensor.requiresGrad = true }
        let optimizer = SGD([NamedTensor("a", moved), NamedTensor("b", unused)])
        moved.sum().backward()
        optimizer.step(learningRate: 0.1)
        #expect(moved.item() < 1)
        #expect(unused.item() == 1)
        #expect(moved.grad == nil)
    }

    @Test("An optimizer with restored velocities continues bit for bit")
    func restored() throws {
        func parameter() -> Tensor {
            let tensor = Tensor.hashed(5, shape: [2, 3, 3, 3], dtype: .float32)
            tensor.requiresGrad = true
            return tensor
        }
        func step(_ tensor: Tensor, _ optimizer: SGD) {
            (tensor * tensor * tensor).sum().backward()
            optimizer.step(learningRate: 0.05)
        }
        let first = parameter()
        let optimizer = SGD([NamedTensor("p", first)])
        step(first, optimizer)
        let second = first.detach().clone()
        second.requiresGrad = true
        let other = SGD([NamedTensor("p", second)])
        try other.load(stateDict: optimizer.stateDict())
        step(first, optimizer)
        step(second, other)
        #expect(first.bytes() == second.bytes())
        #expect(throws: StateDictError.self) { try other.load(stateDict: []) }
    }

    @Test("Memory layouts do not change where a step leads")
    func channelsLast() {
        func stepped(_ format: MemoryFormat) -> [UInt8] {
            let tensor = Tensor.hashed(6, shape: [4, 3, 3, 3], dtype: .float32).contiguous(format)
            tensor.requiresGrad = true
            let optimizer = SGD([NamedTensor("p", tensor)])
            for _ in 0..<2 {
                (tensor * Tensor.hashed(7, shape: [4, 3, 3, 3], dtype: .float32)).sum().backward()
                optimizer.step(learningRate: 0.05)
            }
            return tensor.bytes()
        }
        #expect(stepped(.contiguous) == stepped(.channelsLast))
    }
}
