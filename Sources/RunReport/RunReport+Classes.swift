import Basics
import Recipes
import Torch
import VisionData
import VisionModels

extension RunReport {
    /// The name of a class, or its number.
    private func name(ofClass number: Int) -> String {
        classNames?[number].replacing("_", with: " ") ?? "class \(number)"
    }

    private func batches(_ run: ReportedRun, _ source: any ImageSource) -> any EvaluationBatches {
        source.evaluation(
            positions: nil, normalization: run.recipe.dataset.normalization.normalization,
            batchSize: run.recipe.evaluationBatchSize)
    }

    /// Accuracy class by class, what the student gained over its baseline, and what it confuses.
    func classes(on source: any ImageSource) throws -> [HTML] {
        guard let student = subject.student else { return [] }
        let own = try ClassScores(
            of: student, on: batches(subject, source), classCount: source.classCount)
        let other = try baseline.flatMap { run in
            try run.student.map {
                try ClassScores(of: $0, on: batches(run, source), classCount: source.classCount)
            }
        }
        return [
            classTable(own, other, source), try confusion(own, source),
        ]
    }

    private func classTable(
        _ own: ClassScores, _ other: ClassScores?, _ source: any ImageSource
    ) -> HTML {
        let lines = (0..<source.classCount).compactMap { number -> ClassLine? in
            own.accuracy(ofClass: number).map { accuracy in
                ClassLine(
                    number: number, accuracy: accuracy,
                    gain: other?.accuracy(ofClass: number).map { accuracy - $0 })
            }
        }.sorted { $0.rank == $1.rank ? $0.number < $1.number : $0.rank > $1.rank }
        let rows = lines.map { line -> HTML in
            let gain = line.gain.map { gain -> HTML in
                """
                <td class="number">\(gain > 0 ? "+" : "")\(gain.formatted(places: 1))</td>
                <td><span class="bar \(gain < 0 ? "loss" : "gain")" style="width:\((abs(gain) / 5).formatted(places: 1))rem"></span></td>
                """
            }
            return """
                <tr><th scope="row">\(name(ofClass: line.number))</th>
                <td class="number">\(line.accuracy.formatted(places: 1))</td>\(gain ?? "")</tr>
                """
        }
        let heading: HTML =
            other == nil ? "" : "<th class=\"number\">gain, points</th><th></th>"
        let title: HTML =
            if other != nil, let baseline {
                "What \(subject.name) gained over \(baseline.name), class by class"
            } else {
                "Accuracy class by class"
            }
        func table(_ rows: [HTML]) -> HTML {
            """
            <div class="scroll"><table><thead><tr><th>class</th><th class="number">accuracy, %</th>\(heading)</tr></thead>
            <tbody>\(HTML(rows))</tbody></table></div>
            """
        }
        guard rows.count > 20 else { return "<h2>\(title)</h2>\(table(rows))" }
        return """
            <h2>\(title)</h2><h3>The first eight</h3>\(table(Array(rows.prefix(8))))
            <h3>The last eight</h3>\(table(Array(rows.suffix(8))))
            <details><summary>All \(rows.count) classes</summary>\(table(rows))</details>
            """
    }

    private func confusion(_ scores: ClassScores, _ source: any ImageSource) throws -> HTML {
        let count = scores.classCount
        let shades = (0..<count).flatMap { row -> [Float] in
            let line = scores.counts[(row * count)..<((row + 1) * count)]
            let all = max(line.reduce(0, +), 1)
            return line.map { Float($0) / Float(all) }
        }
        let picture = try FeaturePicture(shades: shades, width: count)
        let rows = scores.confusions(12).map { pair -> HTML in
            """
            <tr><td>\(name(ofClass: pair.truth))</td><td>\(name(ofClass: pair.guess))</td>
            <td class="number">\(pair.images)</td></tr>
            """
        }
        return """
            <h2>What is taken for what</h2>
            <img class="matrix" alt="Confusion matrix: a row for each true class, a column for each guess" src="data:image/png;base64,\(picture.data)">
            <div class="scroll"><table><thead><tr><th>true class</th><th>taken for</th><th class="number">images</th></tr></thead>
            <tbody>\(HTML(rows))</tbody></table></div>
            """
    }
}

/// A class in the table.
private struct ClassLine {
    let number: Int
    let accuracy: Double
    let gain: Double?

    /// What the table is sorted by.
    var rank: Double { gain ?? accuracy }
}
