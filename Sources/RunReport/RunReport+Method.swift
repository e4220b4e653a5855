import Basics
import Distillation
import Recipes
import Torch
import TorchNN
import VisionData
import VisionModels

extension RunReport {
    /// The images at some positions, normalised as the subject's student sees them.
    private func batch(_ positions: [Int], of source: any ImageSource) throws -> Tensor {
        var images: [Tensor] = []
        try source.evaluation(
            positions: positions.map(Int64.init),
            normalization: subject.recipe.dataset.normalization.normalization,
            batchSize: max(positions.count, 1)
        ).forEach { images.append($0.images) }
        return Tensor.concatenate(images)
    }

    /// The attention maps of each ABF, and the features before and after the review, for some images.
    func pictures(on source: any ImageSource) throws -> [HTML] {
        guard let student = subject.student, let lesson = subject.lesson, lesson.review != nil,
            !images.isEmpty
        else { return [] }
        let drawn = try ReviewedPicture.all(
            of: batch(images, of: source),
            subject.recipe.dataset.normalization.normalization, student: student, lesson: lesson)
        func figure(_ picture: FeaturePicture, _ text: String) -> HTML {
            .figure(picture.data, text, caption: text)
        }
        let rows = zip(images, drawn).map { position, picture -> HTML in
            let levels = picture.levels.map { level -> HTML in
                var figures = [
                    figure(level.student, "student before"), figure(level.reviewed, "after review"),
                    figure(level.teacher, "teacher"),
                ]
                if let (own, deeper) = level.attention {
                    figures += [
                        figure(own, "ABF: own feature"), figure(deeper, "ABF: deeper ones"),
                    ]
                }
                return "<h3>\(level.name)</h3><div class=\"pictures\">\(HTML(figures))</div>"
            }
            return """
                <section aria-label="image \(position)"><div class="pictures">\(figure(picture.image, "test image \(position)"))</div>
                \(HTML(levels))</section>
                """
        }
        return [
            """
            <h2>What the review does</h2>
            <p class="note">Features: the mean magnitude of the channels at each pixel, from the least (dark) to the
            largest (light) of each map. ABF's maps: the weights of the stage's own feature and of the deeper
            ones, 0 dark to 1 light.</p>\(HTML(rows))
            """
        ]
    }

    /// A likeness on a ground from white to the blue of the first curve.
    private static func cell(of likeness: Double?) -> HTML {
        let share = (likeness ?? 0) * 0.85
        let color = [0.0, 114, 178].map { dark in "\(Int(255 + (dark - 255) * share))" }
        let text = likeness?.formatted(places: 2) ?? "–"
        return """
            <td class="cell" style="background:rgb(\(color.joined(separator: ",")))">\(text)</td>
            """
    }

    /// How alike student and teacher are, stage by stage.
    func alignment(on source: any ImageSource) throws -> [HTML] {
        guard let student = subject.student, let lesson = subject.lesson else { return [] }
        let count = min(Self.alignedImages, source.count)
        let images = try batch(Array(0..<count), of: source)
        let (own, theirs) = withoutGrad {
            (
                student.features(images, keepsPreactivations: false).levels,
                lesson.teacher(images, keepsPreactivations: false).levels
            )
        }
        let rows = own.enumerated().map { index, feature -> HTML in
            let cells = theirs.map { Self.cell(of: centeredKernelAlignment(feature, $0)) }
            return "<tr><th scope=\"row\">student \(index + 1)</th>\(HTML(cells))</tr>"
        }
        let heading = theirs.indices.map { index -> HTML in "<th>teacher \(index + 1)</th>" }
        return [
            """
            <h2>How alike student and teacher are</h2><div class="scroll"><table><thead><tr><th>stage</th>\(HTML(heading))</tr></thead>
            <tbody>\(HTML(rows))</tbody></table></div>
            <p class="note">Linear CKA over \(count) test images, from 0 (nothing in common) to 1 (the same but for a turn and a
            factor). The last stage is the pooled vector.</p>
            """
        ]
    }
}
