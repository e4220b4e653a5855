import Drawing
import ImageFiles
import Testing

@Suite("A picture that is drawn on")
struct CanvasTests {
    private let red = Color(red: 201, green: 10, blue: 20)
    private let grey = Color(red: 100, green: 100, blue: 100)

    @Test("A filled rectangle has its pixels and no others, and is cut off at the edges")
    func fill() {
        var canvas = Canvas(Scene.plain(5, 4))
        canvas.fill(1..<3, 2..<3, red)
        #expect(canvas.places(of: red) == [[2, 1], [2, 2]])
        #expect(canvas.places(of: grey).count == 18)
        canvas = Canvas(Scene.plain(5, 4))
        canvas.fill(-7..<1, 3..<90, red)
        canvas.fill(8..<9, 0..<4, red)
        #expect(canvas.places(of: red) == [[3, 0]])
    }

    @Test("A frame lies inside of its rectangle")
    func frame() {
        var canvas = Canvas(Scene.plain(7, 6))
        canvas.frame(1..<6, 0..<5, thickness: 1, red)
        let inside = (1..<4).flatMap { row in (2..<5).map { [row, $0] } }
        let rectangle = (0..<5).flatMap { row in (1..<6).map { [row, $0] } }
        #expect(canvas.places(of: red) == rectangle.filter { !inside.contains($0) })
        // Where it is thicker than its rectangle, it fills that.
        canvas = Canvas(Scene.plain(7, 6))
        canvas.frame(2..<4, 1..<3, thickness: 5, red)
        #expect(canvas.places(of: red) == [[1, 2], [1, 3], [2, 2], [2, 3]])
    }

    @Test("A mask lets half of the picture through, rounded up at a half")
    func tint() {
        var canvas = Canvas(Scene.mixed(4, 3))
        let before = canvas.pixels
        canvas.tint([0, 1, 0, 0, 0, 0, 255, 0, 0, 0, 0, 1], red)
        let color = [red.red, red.green, red.blue]
        for pixel in 0..<12 {
            for channel in 0..<3 {
                let old = before[3 * pixel + channel]
                let mean = (Double(old) + Double(color[channel])) / 2
                let expected = [1, 6, 11].contains(pixel) ? UInt8(mean.rounded()) : old
                #expect(canvas.pixels[3 * pixel + channel] == expected)
            }
        }
    }

    @Test("A text has the pixels of the font, each as a square")
    func text() {
        // An L of seven rows and a base of five columns, then a full stop of two by two.
        let letter = (0..<7).map { [$0, 0] } + (1..<5).map { [6, $0] }
        let stop = [[5, 7], [5, 8], [6, 7], [6, 8]]
        var canvas = Canvas(Scene.plain(14, 10))
        canvas.write("L.", left: 0, top: 0, scale: 1, red)
        #expect(Set(canvas.places(of: red)) == Set(letter + stop))
        canvas = Canvas(Scene.plain(30, 24))
        canvas.write("L.", left: 3, top: 2, scale: 2, red)
        let squares = (letter + stop).flatMap { place in
            [0, 1].flatMap { row in
                [0, 1].map { [2 + 2 * place[0] + row, 3 + 2 * place[1] + $0] }
            }
        }
        #expect(Set(canvas.places(of: red)) == Set(squares))
    }

    @Test("The characters of ASCII all differ, and others are question marks")
    func characters() {
        func drawn(_ text: String) -> [UInt8] {
            var canvas = Canvas(Scene.plain(8, 11, 0))
            canvas.write(text, left: 1, top: 1, scale: 1, .white)
            return canvas.pixels
        }
        let all = (32..<127).map { drawn(String(UnicodeScalar(UInt8($0)))) }
        #expect(Set(all).count == 95)
        #expect(all[0] == Scene.plain(8, 11, 0).pixels)
        for other in ["\u{1F}", "\u{7F}", "é", "猫", "\u{1F408}"] {
            #expect(drawn(other) == drawn("?"))
        }
        // Small letters stand on the base line, or reach two rows below it.
        for letter in "abcdefghijklmnopqrstuvwxyz" {
            var canvas = Canvas(Scene.plain(7, 11, 0))
            canvas.write(String(letter), left: 1, top: 1, scale: 1, .white)
            let lowest = canvas.places(of: .white).map { $0[0] }.max()
            #expect(lowest == ("gjpqy".contains(letter) ? 9 : 7), "\(letter)")
        }
    }
}
