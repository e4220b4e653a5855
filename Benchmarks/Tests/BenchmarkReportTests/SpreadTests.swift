import Testing

@testable import BenchmarkReport

@Suite("Medians")
struct SpreadTests {
    @Test(
        "The median is the middle, or the mean of the two in the middle",
        arguments: [
            ([7.0], 7.0), ([3, 1, 2], 2.0), ([4, 1, 3, 2], 2.5), ([5, 5, 1, 9, 2], 5.0),
        ] as [([Double], Double)])
    func median(_ values: [Double], _ expected: Double) throws {
        let spread = try #require(Spread(values))
        #expect(spread.median == expected)
        #expect(spread.minimum == values.min())
        #expect(spread.maximum == values.max())
        #expect(spread.count == values.count)
    }

    @Test("Of nothing there is no median")
    func nothing() { #expect(Spread([]) == nil) }

    @Test("The text shows how far the turns lie apart, where there are several")
    func text() {
        #expect(Spread([271.74])?.text == "271.7")
        #expect(Spread([261.2, 271.7, 279.6])?.text == "271.7 [261.2–279.6]")
        #expect(Spread([6580.2, 8070.4, 7000])?.text == "7000 [6580–8070]")
    }
}
