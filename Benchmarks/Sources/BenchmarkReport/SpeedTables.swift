/// The tables of the page, one function a section.
struct SpeedTables {
    let plan: Plan
    let results: Results

    private static let programs = Program.allCases
    private static let columns =
        programs.map(\.title) + ["torch.compile ÷ reviewkd", "plain ÷ reviewkd"]

    /// Each program's cell and the others' medians over ours.
    private func cells(_ group: [Setting], _ spread: (Setting) -> Spread?) -> [String] {
        let spreads = Self.programs.map { program in
            group.first { $0.program == program }.flatMap(spread)
        }
        let ratios = spreads.dropFirst().map { other in
            guard let other, let ours = spreads[0] else { return "–" }
            return (other.median / ours.median).text(places: 2)
        }
        return spreads.map { $0?.text ?? "–" } + ratios
    }

    private func steps(of pair: Pair) -> Table {
        var table = Table(["work"] + Self.columns)
        for group in plan.groups(of: .pairs) where group[0].pair == pair {
            table.append([Self.title(group[0].work)] + cells(group, results.milliseconds))
        }
        return table
    }

    var pairs: String {
        Pair.allCases.map { pair in
            """
            \(pair.title), milliseconds per step:

            \(steps(of: pair).text)
            """
        }.joined(separator: "\n\n")
    }

    var methods: String {
        var table = Table(["method", "reviewkd", "plain PyTorch", "plain ÷ reviewkd", "÷ ReviewKD"])
        let groups = plan.groups(of: .methods)
        let review = groups.first?.first.flatMap(results.milliseconds)
        for group in groups {
            let spreads = [Program.ours, .plain].map { program in
                group.first { $0.program == program }.flatMap(results.milliseconds)
            }
            func ratio(_ above: Spread?, _ below: Spread?) -> String {
                guard let above, let below else { return "–" }
                return (above.median / below.median).text(places: 2)
            }
            table.append(
                [group[0].method ?? "reviewkd"] + spreads.map { $0?.text ?? "–" }
                    + [ratio(spreads[1], spreads[0]), ratio(spreads[0], review)])
        }
        return table.text
    }

    var memory: String {
        var table = Table(["pair", "work"] + Self.columns)
        for group in plan.groups(of: .memory) {
            table.append(
                [group[0].pair.title, Self.title(group[0].work)]
                    + cells(group, results.peakMemory))
        }
        return table.text
    }

    var batches: String {
        var table = Table(["batch"] + Self.columns + ["reviewkd, ms per image"])
        for group in plan.groups(of: .batches) {
            let size = group[0].batchSize
            let perImage = results.milliseconds(group[0]).map {
                ($0.median / Double(size)).text(places: 2)
            }
            table.append(
                ["\(size)"] + cells(group, results.milliseconds) + [perImage ?? "–"])
        }
        return table.text
    }

    var threads: String {
        var table = Table(["threads"] + Self.columns)
        for group in plan.groups(of: .threads) {
            table.append(["\(group[0].threads)"] + cells(group, results.milliseconds))
        }
        return table.text
    }

    var epoch: String {
        var table = Table([
            "steps", "seconds", "images per second while training", "the same on synthetic images",
            "peak memory, MiB",
        ])
        for setting in plan.groups(of: .epoch).joined() {
            let seconds = results.milliseconds(setting)?.scaled(by: 1e-3)
            let synthetic = results.imagesPerSecond(
                plan.setting(.distill, program: .ours, batchSize: setting.batchSize))
            table.append([
                "\(setting.steps)", seconds?.text ?? "–",
                results.imagesPerSecond(setting)?.text ?? "–", synthetic?.text ?? "–",
                results.peakMemory(setting)?.text ?? "–",
            ])
        }
        return table.text
    }

    var startup: String {
        var table = Table(["program"] + Self.columns)
        for group in plan.groups(of: .startup) {
            table.append([Self.title(group[0].work)] + cells(group, results.milliseconds))
        }
        return table.text
    }

    static func title(_ work: Work) -> String {
        switch work {
        case .distill: "distill"
        case .train: "train (student alone)"
        case .evaluate: "evaluate (forward)"
        case .epoch: "epoch"
        case .version: "print the version"
        case .coldSteps: "four steps, without torch.compile's cache"
        case .firstSteps: "four steps"
        }
    }
}
