extension SpeedPage {
    /// What a reader has to know about a section's table.
    func remark(_ section: Section, _ results: Results) -> String {
        switch section {
        case .pairs:
            """
            Whole steps on synthetic images already on the device, batch \(plan.batchSize), \
            \(count(plan.threads, "thread")). Median of \(count(plan.steps, "step")) a turn, \
            \(turns(of: section, results)). \(fewerSteps)
            """
        case .methods:
            """
            A step of distillation, \(Pair.small.title), batch \(plan.batchSize), \
            \(count(plan.threads, "thread")), milliseconds; \(turns(of: section, results)). The \
            plain PyTorch versions are those of `Benchmarks/pytorch_methods.py`. \
            `Scripts/check_yardstick.py` compares their losses and gradients with the golden values, \
            those of CRD and FitNet aside, for which there are none.
            """
        case .batches:
            """
            Distillation, \(Pair.small.title), \(count(plan.threads, "thread")), milliseconds per \
            step; \(turns(of: section, results)). \(fewerSteps)
            """
        case .threads:
            """
            Distillation, \(Pair.small.title), batch \(plan.batchSize), milliseconds per step.
            """
        case .epoch:
            """
            `reviewkd distill cifar100/resnet56-resnet20-short` on CIFAR-100: crop, flip, \
            normalise, train one epoch and evaluate on the test set; seconds from its \
            `metrics.jsonl`.
            """
        case .startup:
            """
            Milliseconds of whole programs, from start to end. For PyTorch the version is that of \
            `import torch`. The steps (three to warm up, as everywhere, and one) are those of \
            distillation, \(Pair.small.title); without the cache torch.compile compiles anew, as \
            the first time on a machine and for every new batch size.
            """
        case .memory:
            """
            MiB resident in the process at most, in the runs of the first section; what \
            torch.compile uses in processes that compile is not in it.
            """
        }
    }

    /// Named only where it happens.
    private var fewerSteps: String {
        let slow = plan.setting(.distill, pair: .large, program: .plain).steps
        guard slow < plan.steps else { return "" }
        return "Plain PyTorch takes only \(count(slow, "step")) a turn for \(Pair.large.title) and "
            + "from 512 images, where one takes seconds."
    }

    /// How often each program had its turn.
    private func turns(of section: Section, _ results: Results) -> String {
        guard let turns = results.turns(of: section, in: plan) else { return "no turn" }
        let most = count(turns.upperBound, "turn")
        return turns.count == 1 ? most : "\(turns.lowerBound) to \(most)"
    }

    private func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }
}
