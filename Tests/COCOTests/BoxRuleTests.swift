import COCO
import Testing

/// What pycocotools 2.0.11 does, as figures of small scenes that were computed by it.
@Suite("Rules of the evaluation of boxes")
struct BoxRuleTests {
    private let square: [Double] = [10, 10, 50, 50]

    @Test("One object that is found exactly gives 1, less the smallest step of a Double")
    func one() throws {
        var scene = Scene()
        scene.truth(square)
        scene.result(square, 0.5)
        let figures = try scene.evaluate().figures
        #expect(figures.averagePrecision == 0.9999999999999998)
        #expect(figures["AR100"] == 1)
        #expect(figures["APs"] == -1)
        #expect(figures.values.count == COCOFigures.names.count)
    }

    @Test("An object with the id 0 counts as not found, and strictly as found")
    func zeroID() throws {
        var scene = Scene()
        for (index, x) in [10.0, 100, 200].enumerated() {
            scene.truth(id: .whole(index), [x, 10, 50, 50])
            scene.result([x, 10, 50, 50], 0.9 - Double(index) / 10)
        }
        #expect(try scene.averagePrecision() == 0.4422)
        #expect(try scene.figure("AR100") == 0.6667)
        #expect(try scene.averagePrecision(isStrict: true) == 1)
        let evaluation = try scene.evaluate()
        #expect(evaluation.remarks == [.zeroIDs(path: "gt.json", entry: "annotation 1", count: 1)])
        #expect(evaluation.strictFigures == (try scene.evaluate(isStrict: true)).figures)
        #expect(try scene.evaluate(isStrict: true).remarks.isEmpty)
    }

    @Test("Only zero is no mark of a match, whatever type the id has")
    func otherIDs() throws {
        for (id, expected) in [
            (-5, 1), (.fraction(0.5), 1), (.whole(1 << 60 + 1), 1), ("7", 1), ("0", 0), (0, 0),
        ] as [(COCOIdentifier, Double)] {
            var scene = Scene()
            scene.truth(id: id, square)
            scene.result(square, 0.5)
            #expect(try scene.averagePrecision() == expected, "\(id)")
        }
        var scene = Scene()
        scene.truth(id: "abc", square)
        scene.result([300, 300, 5, 5], 0.5)
        #expect(try scene.averagePrecision() == 0)
        scene.result(square, 0.5)
        #expect(
            throws: COCOEvaluationError.textID(path: "gt.json", entry: "annotation 1 (id 'abc')")
        ) {
            try scene.evaluate()
        }
        #expect(try scene.figure("AR100", isStrict: true) == 1)
    }

    @Test("Of objects with one id the last one counts for each, and strictly each for itself")
    func repeatedIDs() throws {
        var scene = Scene(images: [1, 2])
        for image in [1, 2] as [COCOIdentifier] {
            scene.truth(id: 1, image: image, square)
            scene.result(image: image, square, 0.5)
        }
        #expect(try scene.averagePrecision() == 0.2525)
        #expect(try scene.figure("AR100") == 0.5)
        #expect(try scene.averagePrecision(isStrict: true) == 1)
        #expect(try scene.evaluate().remarks == [.repeatedIDs(path: "gt.json", ids: ["1"])])
    }

    @Test(
        "Ranges of areas have both of their ends",
        arguments: [
            (1024, [1, 1, -1]), (9216, [-1, 1, 1]), (1023.999, [1, -1, -1]),
            (1024.001, [-1, 1, -1]), (0, [1, -1, -1]), (1e10, [-1, -1, 1]),
            (1e10 + 1, [-1, -1, -1]), (-1, [-1, -1, -1]), (.nan, [1, 1, 1]),
        ] as [(Double, [Double])])
    func areas(area: Double, expected: [Double]) throws {
        var scene = Scene()
        scene.truth(square, area: area)
        scene.result(square, 0.5)
        let found = try ["ARs", "ARm", "ARl"].map { try scene.figure($0) }
        #expect(found == expected)
    }

    @Test(
        "A result that is not matched counts only where its area is in the range, at each threshold"
    )
    func unmatchedAreas() throws {
        var scene = Scene()
        scene.truth([100, 100, 33, 33])
        scene.result([100, 100, 31, 31], 0.9)
        #expect(try scene.figure("APm") == 0.8)
        scene = Scene()
        scene.truth([0, 0, 31, 31])
        scene.result([0, 0, 31, 31], 0.9)
        scene.result([300, 300, 32, 32], 0.99)
        #expect(try scene.figure("APs") == 0.5)
        scene = Scene()
        scene.truth([0, 0, 33, 33])
        scene.result([0, 0, 33, 33], 0.9)
        scene.result([300, 300, 32, 32], 0.99)
        #expect(try scene.figure("APm") == 0.5)
    }

    @Test("At most 100 results of each category and image count, of equal scores the first")
    func limit() throws {
        for (scores, expected) in [
            ((0..<101).map { 1 - Double($0) / 200 }, 0), ([Double](repeating: 0.5, count: 101), 0),
        ] {
            var scene = Scene()
            scene.truth(square)
            scene.truth(category: 2, square)
            for score in scores.dropLast() { scene.result([300, 300, 5, 5], score) }
            scene.result(square, scores[100])
            scene.result(category: 2, square, 0.1)
            let evaluation = try scene.evaluate()
            #expect(evaluation.categories.map { $0.figures["AR100"] } == [Double(expected), 1])
        }
    }

    @Test("Equal scores stay in the order of image ids, and in an image in that of the file")
    func ties() throws {
        var scene = Scene()
        scene.truth(square)
        scene.result(square, 0.5)
        scene.result([300, 300, 5, 5], 0.5)
        #expect(try scene.averagePrecision() == 1)
        scene.results.reverse()
        #expect(try scene.averagePrecision() == 0.5)
        scene = Scene(images: [2, 1])
        scene.truth(image: 1, square)
        scene.result(image: 2, [300, 300, 5, 5], 0.0)
        scene.result(image: 1, square, -0.0)
        #expect(try scene.averagePrecision() == 1)
        scene = Scene(images: ["9", "10"])
        scene.truth(image: "10", square)
        scene.result(image: "9", [300, 300, 5, 5], 0.5)
        scene.result(image: "10", square, 0.5)
        #expect(try scene.averagePrecision() == 1)
    }

    @Test("A score that is no number comes last")
    func undefinedScore() throws {
        var scene = Scene()
        scene.truth(square)
        scene.result(square, .nan)
        scene.result([300, 300, 5, 5], -.infinity)
        #expect(try scene.averagePrecision() == 0.5)
        #expect(try scene.evaluate().remarks == [.undefinedScores(path: "dt.json", count: 1)])
    }

    @Test(
        "Crowd regions take any number of results, which are ignored, and share by the result's area"
    )
    func crowds() throws {
        var scene = Scene()
        scene.truth(square)
        scene.truth([200, 200, 100, 100], isCrowd: true)
        for _ in 0..<3 { scene.result([210, 210, 20, 20], 0.9) }
        scene.result(square, 0.5)
        #expect(try scene.averagePrecision() == 1)
        #expect(try scene.figure("AR1") == 0)
        // Half of it lies inside, so it is ignored at 0.5 and wrong above.
        scene.result([190, 200, 20, 20], 0.95)
        #expect(try scene.averagePrecision() == 0.55)
        scene = Scene()
        scene.truth([200, 200, 100, 100], isCrowd: true)
        scene.result([200, 200, 100, 100], 0.9)
        #expect(try scene.evaluate().figures.values.allSatisfy { $0 == -1 })
    }

    @Test("Ordinary objects come before crowd regions")
    func crowdsLast() throws {
        for isFirst in [true, false] {
            var scene = Scene()
            if isFirst { scene.truth([0, 0, 200, 200], isCrowd: true) }
            scene.truth([100, 100, 60, 100])
            if !isFirst { scene.truth([0, 0, 200, 200], isCrowd: true) }
            scene.result([100, 100, 100, 100], 0.9)
            // Right at 0.5, 0.55 and 0.6; above the crowd region ignores it.
            #expect(try scene.averagePrecision() == 0.3)
        }
    }

    @Test("Of equal overlaps the later object is taken")
    func equalOverlaps() throws {
        var scene = Scene()
        for id in [1, 2, 0] { scene.truth(id: .whole(id), square) }
        scene.result(square, 0.9)
        #expect(try scene.figure("AR100") == 0)
        scene.truths.reverse()
        #expect(try scene.figure("AR100") == 0.3333)
    }

    @Test("The ninth threshold is just below 0.9, and the others are their decimals")
    func thresholds() throws {
        for (share, count) in [
            (0.5, 1.0), (0.6, 3), (0.75, 6), (0.85, 8), (0.8999999999999999, 9), (0.95, 10),
        ] {
            var scene = Scene()
            scene.truth([0, 0, 1, 1])
            scene.result([0, 0, share, 1], 0.9)
            #expect(try scene.averagePrecision() == count / 10, "\(share)")
        }
    }

    @Test(
        "The recall is a quotient: seven of ten found reach 70 of the 101 recalls",
        arguments: [(6, 10, 61), (7, 10, 70), (8, 10, 81), (7, 25, 29), (19, 20, 95), (14, 50, 29)])
    func recalls(found: Int, count: Int, points: Int) throws {
        var scene = Scene()
        for index in 0..<count {
            scene.truth([Double(index) * 20, 0, 10, 10])
            if index < found { scene.result([Double(index) * 20, 0, 10, 10], 0.9) }
        }
        let expected = (Double(points) / 101 * 10_000).rounded() / 10_000
        #expect(try scene.averagePrecision() == expected)
    }

    @Test("Categories without objects cost nothing, those without results count as 0")
    func categories() throws {
        var scene = Scene()
        scene.truth(square)
        scene.result(square, 0.5)
        scene.categories.insert(2)
        scene.result(category: 2, square, 0.9)
        #expect(try scene.averagePrecision() == 1)
        scene.truth(category: 3, square)
        #expect(try scene.averagePrecision() == 0.5)
        scene.result(category: 4711, square, 0.9)
        #expect(try scene.averagePrecision() == 0.5)
        let evaluation = try scene.evaluate()
        #expect(evaluation.remarks == [.unlistedResults(path: "dt.json", ids: ["4711"], count: 1)])
        #expect(evaluation.categories.map { $0.figures.averagePrecision.rounded() } == [1, -1, 0])
        #expect(evaluation.categories.map(\.precisions.count) == [10, 0, 10])
    }

    @Test("Objects of images and categories that are not listed are left out")
    func unlisted() throws {
        var scene = Scene()
        scene.truth(square)
        scene.truth(image: 7, square)
        scene.result(square, 0.5)
        #expect(try scene.averagePrecision() == 1)
        #expect(try scene.evaluate().remarks == [.unlistedObjects(path: "gt.json", count: 1)])
    }

    @Test("Boxes that are no numbers count as right, and strictly as wrong")
    func undefinedBoxes() throws {
        var scene = Scene()
        for x in [10.0, 100, 200, 300] {
            scene.truth([x, 10, 50, 50])
            scene.result([.nan, .nan, .nan, .nan], 0.5)
        }
        #expect(try scene.averagePrecision() == 1)
        #expect(try scene.averagePrecision(isStrict: true) == 0)
        let evaluation = try scene.evaluate()
        #expect(evaluation.remarks == [.undefinedOverlaps(path: "dt.json", count: 4)])
        #expect(evaluation.strictFigures.averagePrecision == 0)
    }

    @Test("A box whose width is no number takes the last free object behind one that it meets")
    func undefinedWidth() throws {
        var scene = Scene()
        scene.truth(square)
        scene.truth([300, 300, 50, 50])
        scene.result([10, 10, .nan, 50], 0.9)
        scene.result([300, 300, 50, 50], 0.8)
        // The object that it lies on stays free, the other one is taken, and its own result is wrong.
        #expect(try scene.averagePrecision() == 0.5050)
        scene.result(square, 0.7)
        #expect(try scene.averagePrecision() == 0.8350)
    }

    @Test("Boxes of negative size lie nowhere, and those of no size find nothing")
    func oddSizes() throws {
        var scene = Scene()
        scene.truth(square)
        scene.result([10, 10, -50, 50], 0.9)
        scene.result(square, 0.5)
        #expect(try scene.averagePrecision() == 1)
        scene.result([10, 10, -50, -50], 0.9)
        #expect(try scene.averagePrecision() == 0.5)
        scene = Scene()
        scene.truth([10, 10, 0, 50])
        scene.result([10, 10, 0, 50], 0.9)
        #expect(try scene.figure("ARs") == 0)
    }

    @Test("The threads that take part change nothing")
    func threads() throws {
        var scene = Scene(images: (1...20).map { .whole($0) })
        for index in 0..<200 {
            let (image, x) = (COCOIdentifier.whole(index % 20 + 1), Double(index % 7) * 30)
            scene.truth(image: image, category: index % 3, [x, 10, 40, 40])
            scene.result(
                image: image, category: index % 3, [x + Double(index % 11), 10, 40, 40],
                Double(index % 5))
        }
        let alone = try scene.evaluate(threads: 1)
        for threads in [2, 3, 16] {
            #expect(try scene.evaluate(threads: threads).figures == alone.figures)
        }
    }
}
