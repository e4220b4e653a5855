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
        #expect(match.unexpected.isEmpty && match.outside.isEmpty && match.secondPrefix == nil)
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
        #expect(match.unexpected == ["module.total_ops"])
    }

    @Test("Of two networks in one dictionary the shorter prefix is taken and the other named")
    func twoNetworks() {
        let given =
            Self.required.map { "teacher_net.\($0)" } + Self.required.map { "student.\($0)" }
        #expect(match(given).prefix == "student.")
        let all = NameMatch.all(given, required: Self.required)
        #expect(all.filter(\.isComplete).map(\.prefix) == ["teacher_net.", "student."])
    }

    @Test("A head that stands below a prefix of its own is found")
    func secondPrefix() {
        let given = [
            "a.backbone.conv1.weight", "a.backbone.layer1.0.conv1.weight", "a.backbone.fc.bias",
        ]
        let match = match(given + ["a.head.fc.weight", "a.head.loss"])
        #expect(match.isComplete)
        #expect(match.prefix == "a.backbone." && match.secondPrefix == "a.head.")
        #expect(match.names["fc.weight"] == "a.head.fc.weight")
        #expect(match.unexpected == ["a.head.loss"])
    }

    @Test("A name that stands there a second time is not taken for the first, whatever their order")
    func duplicates() {
        let match = match(["_orig_mod.fc.bias"] + Self.required)
        #expect(match.names["fc.bias"] == "fc.bias")
        #expect(match.unexpected == ["_orig_mod.fc.bias"])
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
        #expect(match.missing == ["layer1.0.conv1.weight", "fc.bias"] && !match.isComplete)
        #expect(match.unexpected == ["module.linear.bias"])
    }

    @Test("No names at all miss all")
    func empty() {
        #expect(match([]).missing == Self.required)
        #expect(NameMatch(["a"], required: []).isComplete)
    }

    private func match(_ given: [String]) -> NameMatch {
        NameMatch(given, required: Self.required, optional: Self.optional)
    }
}
