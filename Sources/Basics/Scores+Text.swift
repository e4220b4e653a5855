extension Scores {
    /// A score in percent, as `72.63 %`.
    package func percent(_ name: String) -> String {
        "\((self[name] ?? .nan).formatted(places: 2)) %"
    }

    /// The accuracies of a network that classifies.
    package var accuracies: String { "top-1 \(percent("top1")), top-5 \(percent("top5"))" }

    /// The average precisions of a detector, as fractions.
    package var precisions: String {
        func text(_ prefix: String, _ what: String) -> String? {
            self[prefix + "AP"].map { all in
                let at = ["50", "75"].compactMap { threshold in
                    self["\(prefix)AP\(threshold)"].map {
                        "AP\(threshold) \($0.formatted(places: 4))"
                    }
                }
                return "\(what)AP \(all.formatted(places: 4)), \(at.joined(separator: ", "))"
            }
        }
        return [text("", ""), text("mask_", "mask ")].compactMap(\.self).joined(separator: "; ")
    }
}
