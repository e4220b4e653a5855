import Drawing
import ImageFiles
import Testing

@Suite("Objects on a picture")
struct ObjectTests {
    private func object(
        _ left: Double, _ top: Double, _ right: Double, _ bottom: Double, _ name: String = "",
        classNumber: Int = 3, score: Double? = nil
    ) -> DrawnObject {
        DrawnObject(
            box: DrawnBox(left: left, top: top, right: right, bottom: bottom), name: name,
            classNumber: classNumber, score: score)
    }

    private func drawn(
        _ objects: [DrawnObject], _ width: Int = 60, _ height: Int = 40
    ) -> Canvas {
        var canvas = Canvas(Scene.plain(width, height))
        canvas.draw(objects, scale: 1)
        return canvas
    }

    private func rectangle(_ columns: Range<Int>, _ rows: Range<Int>) -> [[Int]] {
        rows.flatMap { row in columns.map { [row, $0] } }
    }

    @Test("A frame covers the pixels that the box touches, two wide")
    func frame() {
        let color = Color(ofClass: 3)
        let found = drawn([object(10.4, 5, 30.2, 20.5)]).places(of: color)
        let hole = rectangle(12..<29, 7..<19)
        #expect(found == rectangle(10..<31, 5..<21).filter { !hole.contains($0) })
    }

    @Test(
        "Boxes at and beyond the edges are cut off, and those outside are not drawn",
        arguments: [
            ([-5.0, -7, 1.5, 1], [0, 2, 0, 1]), ([58, 39.5, 1e300, 99], [58, 60, 39, 40]),
            ([-.infinity, 0, .infinity, 2], [0, 60, 0, 2]), ([7, 7, 7, 7], [7, 8, 7, 8]),
            ([60, 40, 60, 40], [59, 60, 39, 40]), ([61, 0, 70, 9], []), ([-9, 0, -1, 9], []),
            ([20, 0, 10, 9], []), ([.nan, 0, 9, 9], []), ([0, 0, 9, .nan], []),
        ] as [([Double], [Int])])
    func edges(box: [Double], expected: [Int]) {
        let found = drawn([object(box[0], box[1], box[2], box[3], "x")])
        guard !expected.isEmpty else {
            #expect(found.pixels == Scene.plain(60, 40).pixels)
            return
        }
        let (columns, rows) = (expected[0]..<expected[1], expected[2]..<expected[3])
        for place in rectangle(columns, rows).prefix(1) + rectangle(columns, rows).suffix(1) {
            #expect(found.color(place[0], place[1]) != Color(red: 100, green: 100, blue: 100))
        }
        let plain = drawn([object(box[0], box[1], box[2], box[3])])
        #expect(plain.places(of: Color(ofClass: 3)) == rectangle(columns, rows))
    }

    @Test("A name stands above its box, or inside where there is no room, and never outside")
    func label() {
        let color = Color(ofClass: 3)
        // Two characters of five columns with one between, and a rim of one: 13 by 11 pixels.
        let above = drawn([object(20, 15, 50, 35, "ab")])
        let ink = [color, color.ink]
        #expect(rectangle(20..<33, 4..<15).allSatisfy { ink.contains(above.color($0[0], $0[1])) })
        #expect(above.color(3, 20) == Color(red: 100, green: 100, blue: 100))
        #expect(above.color(14, 33) == Color(red: 100, green: 100, blue: 100))
        #expect(above.places(of: color.ink).allSatisfy { (5..<14).contains($0[0]) })

        let inside = drawn([object(20, 10, 50, 35, "ab")])
        #expect(inside.places(of: color.ink).allSatisfy { (11..<20).contains($0[0]) })
        #expect(inside.places(of: color.ink).count == above.places(of: color.ink).count)

        let moved = drawn([object(55, 38, 60, 40, "ab")])
        #expect(moved.places(of: color.ink).allSatisfy { (48..<59).contains($0[1]) })
        #expect(moved.places(of: color.ink).count == above.places(of: color.ink).count)
        // A text that is wider than the picture begins at its left edge.
        let long = drawn([object(30, 20, 40, 30, String(repeating: "a", count: 30))])
        #expect(long.color(9, 0) == color && long.color(9, 59) == color)
    }

    @Test(
        "A score has two digits",
        arguments: [
            (0.987, "x 0.99"), (1, "x 1.00"), (0, "x 0.00"), (-0.126, "x -0.13"),
            (12.304, "x 12.30"), (.nan, "x nan"), (1e9, "x 1000000000.0"), (-0.001, "x 0.00"),
        ])
    func scores(score: Double, text: String) {
        var expected = Canvas(Scene.plain(100, 30))
        expected.draw([object(2, 15, 90, 29, text)], scale: 1)
        var found = Canvas(Scene.plain(100, 30))
        found.draw([object(2, 15, 90, 29, "x", score: score)], scale: 1)
        #expect(found.pixels == expected.pixels)
    }

    @Test("The surest object lies uppermost, and of equal ones the first")
    func order() {
        let boxes = [0.2, 0.9, .nan, 0.5].enumerated().map { index, score in
            object(10, 10, 12, 12, classNumber: index, score: score)
        }
        #expect(drawn(boxes).color(11, 11) == Color(ofClass: 1))
        let equal = [4, 5].map { object(10, 10, 12, 12, classNumber: $0) }
        #expect(drawn(equal).color(11, 11) == Color(ofClass: 4))
    }

    @Test("An object without a box has its name at its mask, which lies below all frames")
    func maskAlone() {
        var mask = [UInt8](repeating: 0, count: 60 * 40)
        for place in rectangle(25..<35, 20..<30) { mask[place[0] * 60 + place[1]] = 1 }
        let object = DrawnObject(box: nil, mask: mask, name: "m", classNumber: 3)
        let found = drawn([object])
        let color = Color(ofClass: 3)
        let mixed = Color(
            red: UInt8((Int(color.red) + 101) / 2), green: UInt8((Int(color.green) + 101) / 2),
            blue: UInt8((Int(color.blue) + 101) / 2))
        #expect(found.places(of: mixed) == rectangle(25..<35, 20..<30))
        #expect(found.color(9, 25) == color && found.color(8, 25) != color)
        #expect(
            drawn([DrawnObject(box: nil, mask: mask.map { _ in 0 }, name: "m", classNumber: 3)])
                .pixels
                == Scene.plain(60, 40).pixels)
    }

    @Test("What is drawn grows with the picture")
    func scale() {
        for (width, height, scale) in [(640, 400, 2), (640, 399, 1), (100, 80, 1), (1920, 1080, 4)]
        {
            var found = Canvas(Scene.plain(width, height))
            found.draw([object(30, 60, 90, 75, "a")])
            var expected = Canvas(Scene.plain(width, height))
            expected.draw([object(30, 60, 90, 75, "a")], scale: scale)
            #expect(found.pixels == expected.pixels)
        }
    }

    @Test("The classes of COCO have colours that differ, with names that can be read on them")
    func colors() {
        let colors = (0..<80).map(Color.init(ofClass:))
        for (index, color) in colors.enumerated() {
            // WCAG asks for a contrast of 4.5.
            let (light, dark) = (
                max(color.luminance, color.ink.luminance), min(color.luminance, color.ink.luminance)
            )
            #expect((light + 0.05) / (dark + 0.05) >= 4.5, "class \(index)")
            #expect(!colors[..<index].contains(color), "class \(index)")
            guard index > 0 else { continue }
            let former = colors[index - 1]
            let distance = [
                abs(Int(color.red) - Int(former.red)), abs(Int(color.green) - Int(former.green)),
                abs(Int(color.blue) - Int(former.blue)),
            ].reduce(0, +)
            #expect(distance > 150, "class \(index)")
        }
        #expect(Color.white.luminance == 1 && Color.black.luminance == 0)
        // The reference values of the sRGB primaries.
        #expect(abs(Color(red: 255, green: 0, blue: 0).luminance - 0.2126) < 1e-12)
        #expect(abs(Color(red: 119, green: 119, blue: 119).luminance - 0.1845) < 1e-4)
    }
}
