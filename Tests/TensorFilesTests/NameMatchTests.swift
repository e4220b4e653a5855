import TensorFiles
import Testing

@Suite("Names of weights")
struct NameMatchTests {
    private static let required = ["conv1.weight", "layer1.0.conv1.weight", "fc.weight", "fc.bias"]
    private static let optional = ["bn1.num_batches_tracked"]

    @Test(
        "A prefix that all names have in common is found",
        arguments: [
            "", "module.", "model.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module.",
            "module.student.", "architecture.backbone.", "net.0.",
        ])
    func prefixes(prefix: String) {
        let given = (Self.required + Self.optional).map { prefix + $0 }
        let match = match(given)
        let expected = prefix.replacing("_orig_mod.", with: "")
        #expect(match.prefix == expected)
        #expect(match.isComplete)
        #expect(match.names.count == 5)
        for name in Self.required { #expect(match.names[name] == prefix + name) }
        #expect(match.unexpected.isEmpty && match.outside.isEmpty && match.alternatives.isEmpty)
    }

    @Test("What torch.compile puts into the middle of a name is no part of it")
    func compiledChild() {
        let given = [
            "conv1.weight", "layer1.0._orig_mod.conv1.weight", "fc._orig_mod.weight", "fc.bias",
        ]
        let match = match(given)
        #expect(match.isComplete)
        #expect(match.names["layer1.0.conv1.weight"] == "layer1.0._orig_mod.conv1.weight")
    }

    @Test("A stray entry outside the prefix is told apart from one below it")
    func strays() {
        let given = Self.required.map { "module.\($0)" } + ["n_averaged", "module.total_ops"]
        let match = match(given)
        #expect(match.isComplete)
        #expect(match.outside == ["n_averaged"])
        #expect(match.unexpected == ["total_ops"])
    }

    @Test("Of two networks in one dictionary the shorter prefix is taken and the other named")
    func twoNetworks() {
        let given =
            Self.required.map { "teacher_net.\($0)" } + Self.required.map { "student.\($0)" }
        let match = match(given)
        #expect(match.prefix == "student.")
        #expect(match.alternatives == ["teacher_net."])
    }

    @Test(
        "A name of one's own that ends like one of the network's makes no prefix where none is needed"
    )
    func noPrefix() {
        let match = match(Self.required + ["ema.fc.weight", "ema.fc.bias"])
        #expect(match.prefix.isEmpty && match.isComplete)
        #expect(match.unexpected == ["ema.fc.weight", "ema.fc.bias"])
    }

    @Test("Where names are missing, the best prefix is still taken off and the missing are counted")
    func incomplete() {
        let match = match(["module.conv1.weight", "module.fc.weight", "module.linear.bias"])
        #expect(match.prefix == "module.")
        #expect(match.missingCount == 2 && !match.isComplete)
        #expect(match.unexpected == ["linear.bias"])
    }

    @Test("No names at all miss all")
    func empty() {
        #expect(match([]).missingCount == 4)
        #expect(NameMatch(["a"], required: []).isComplete)
    }

    private func match(_ given: [String]) -> NameMatch {
        NameMatch(given, required: Self.required, optional: Self.optional)
    }
}
