extension ScheduleSettings {
    private enum Name: String, CaseIterable { case constant, multistep, onecycle, cosine }

    private enum Key: String, CaseIterable {
        case name, milestones, factor
        case warmupFraction = "warmup_fraction"
        case startFactor = "start_factor"
        case finalFactor = "final_factor"
    }

    init(_ field: RecipeField) throws {
        let section = try RecipeSection<Key>(field)
        let name: Name = try section.required(.name, .choice)
        let reason = "schedule.name is \(name.rawValue)"
        switch name {
        case .constant:
            try section.allow(.name, when: reason)
            self = .constant
        case .multistep:
            try section.allow(.name, .milestones, .factor, when: reason)
            let milestones = try section.required(.milestones, .list(of: .integer(atLeast: 1)))
            guard zip(milestones, milestones.dropFirst()).allSatisfy({ $0 < $1 }) else {
                throw section.contradiction(
                    .milestones, "expected epochs in rising order, found \(milestones)")
            }
            let factor = try section.optional(.factor, .positiveFraction) ?? 0.1
            self = .multistep(milestones: milestones, factor: factor)
        case .onecycle:
            try section.allow(
                .name, .warmupFraction, .startFactor, .finalFactor, when: reason)
            self = .onecycle(
                warmupFraction: try section.optional(.warmupFraction, .fraction) ?? 0.3,
                startFactor: try section.optional(.startFactor, .fraction) ?? 0.04,
                finalFactor: try section.optional(.finalFactor, .fraction) ?? 0.000004)
        case .cosine:
            try section.allow(.name, .finalFactor, when: reason)
            self = .cosine(finalFactor: try section.optional(.finalFactor, .fraction) ?? 0)
        }
    }
}

extension MethodSettings {
    private enum Key: String, CaseIterable {
        case name
        case crossEntropyWeight = "cross_entropy_weight"
        case review, kd
    }

    init(_ field: RecipeField) throws {
        let section = try RecipeSection<Key>(field)
        name = try section.required(.name, .choice)
        let reason = "method.name is \(name.rawValue)"
        switch name {
        case .alone:
            try section.allow(.name, .crossEntropyWeight, when: reason)
        case .kd:
            try section.allow(.name, .crossEntropyWeight, .kd, when: reason)
            kd =
                try section.optional(.kd, .section(read: KDSettings.init))
                ?? KDSettings(temperature: 4, weight: 0.9)
        case .reviewkd:
            try section.allow(.name, .crossEntropyWeight, .review, when: reason)
            review = try section.required(.review, .section(read: ReviewSettings.init))
        }
        crossEntropyWeight =
            try section.optional(.crossEntropyWeight, .nonNegative) ?? (name == .kd ? 0.1 : 1)
    }
}

extension KDSettings {
    private enum Key: String, CaseIterable { case temperature, weight }

    init(_ field: RecipeField) throws {
        let section = try RecipeSection<Key>(field)
        temperature = try section.optional(.temperature, .positive) ?? 4
        weight = try section.optional(.weight, .nonNegative) ?? 0.9
    }
}

extension ReviewSettings {
    private enum Key: String, CaseIterable {
        case weight, warmup, fusion, distance, residual, stages
        case midChannels = "mid_channels"
    }

    init(_ field: RecipeField) throws {
        let section = try RecipeSection<Key>(field)
        weight = try section.required(.weight, .nonNegative)
        warmup = try section.optional(.warmup, .section(read: Warmup.init)) ?? .epochs(0)
        fusion = try section.optional(.fusion, .choice) ?? .abf
        distance = try section.optional(.distance, .choice) ?? .hcl
        residual = try section.optional(.residual, .flag) ?? true
        stages = try section.optional(.stages, .list(of: .section(read: StageMatch.init)))
        midChannels = try section.optional(.midChannels, .integer(atLeast: 1))
    }
}

extension ReviewSettings.Warmup {
    private enum Key: String, CaseIterable { case epochs, fraction }

    init(_ field: RecipeField) throws {
        let section = try RecipeSection<Key>(field)
        if let fraction = try section.optional(.fraction, .fraction) {
            try section.allow(.fraction, when: "warmup.fraction is given")
            self = .fraction(fraction)
        } else {
            self = .epochs(try section.required(.epochs, .integer(atLeast: 0)))
        }
    }
}

extension ReviewSettings.StageMatch {
    private enum Key: String, CaseIterable { case student, teacher }

    init(_ field: RecipeField) throws {
        let section = try RecipeSection<Key>(field)
        student = try section.required(.student, .integer(atLeast: 1))
        teacher = try section.required(.teacher, .list(of: .integer(atLeast: 1)))
    }
}
