import Testing
import Torch

@testable import RunReport

@Suite("Reports")
struct RunReportTests {
    private func tensor(_ rows: [[Float]]) -> Tensor {
        Tensor(rows.flatMap(\.self), shape: [rows.count, rows[0].count])
    }

    /// Of `X = [1 0; 0 1; −1 −1]` and `Y = [1; 0; −1]`: `‖Yᵀ X‖² = 5`, `‖Xᵀ X‖ = √10` and `‖Yᵀ Y‖ = 2`.
    @Test("The likeness of features is its closed form")
    func closedForm() throws {
        let x = tensor([[1, 0], [0, 1], [-1, -1]])
        let y = tensor([[1], [0], [-1]])
        let found = try #require(centeredKernelAlignment(x, y))
        #expect(abs(found - 5 / (2 * 10.0.squareRoot())) < 1e-12)
    }

    @Test(
        "The likeness is 1 for features that are turned, moved and stretched, and 0 for orthogonal ones"
    )
    func invariance() throws {
        let x = tensor([[3, 1], [0, 2], [-1, 5], [4, -2]])
        // A quarter turn, 3 times as long, with 7 added.
        let turned = tensor([[4, 16], [1, 7], [-8, 4], [13, 19]])
        #expect(abs(try #require(centeredKernelAlignment(x, turned)) - 1) < 1e-12)
        let line = tensor([[1], [0], [-1]])
        let bend = tensor([[1], [-2], [1]])
        #expect(try #require(centeredKernelAlignment(line, bend)) < 1e-12)
        #expect(centeredKernelAlignment(line, tensor([[2], [2], [2]])) == nil)
    }

    @Test("Accuracies and confusions are counted class by class")
    func classes() {
        let scores = ClassScores(counts: [8, 2, 0, 5, 4, 1, 0, 0, 0], classCount: 3)
        #expect(scores.accuracy(ofClass: 0) == 80)
        #expect(scores.accuracy(ofClass: 1) == 40)
        #expect(scores.accuracy(ofClass: 2) == nil)
        let found = scores.confusions(2)
        #expect(found.map(\.truth) == [1, 0])
        #expect(found.map(\.guess) == [0, 1])
        #expect(found.map(\.images) == [5, 2])
    }

    @Test("A text is no part of the page's source")
    func escaping() {
        let name = "<script>alert('x') & \"y\"</script>"
        let html: HTML = "<b>\(name)</b>"
        #expect(
            html.description
                == "<b>&lt;script&gt;alert(&#39;x&#39;) &amp; &quot;y&quot;&lt;/script&gt;</b>")
    }

    @Test(
        "The marks of an axis are round and hold all that is drawn",
        arguments: [
            (0.0, 1.0), (48.62, 56.09), (-3, 12_000), (5, 5),
        ])
    func ticks(_ least: Double, _ most: Double) {
        let ticks = CurveChart.ticks(least, most)
        #expect(ticks.count >= 2 && ticks.count <= 7)
        #expect(ticks[0] <= least && ticks[ticks.count - 1] >= most)
    }

    @Test("A chart names no epoch beyond its last one")
    func epochs() throws {
        let points = (1...14).map { (x: Double($0), y: Double($0)) }
        let chart = CurveChart(
            title: "accuracy", unit: "%", curves: [.init(name: "a", points: points)])
        let labels = try #require(chart.html).description.matches(of: /class="below">(\d+)</).map {
            Int($0.1) ?? -1
        }
        #expect(labels == [5, 10])
        #expect(chart.html?.description.contains(#"class="left">0<"#) == true)
    }
}
