import Testing
import Torch

@Suite("Time profiles") struct TimeProfileTests {
    @Test("Parts are listed as they end, and the time inside a part counts once")
    func nested() {
        let profile = TimeProfile()
        let start = ContinuousClock.now
        profile.record {
            for _ in 0..<3 {
                timed("outer") {
                    timed("inner") { spin(milliseconds: 2) }
                }
            }
        }
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        #expect(profile.parts.map(\.name) == ["inner", "outer"])
        let sum = profile.parts.reduce(0) { $0 + $1.seconds }
        // Were the inner part's time in the outer one's as well, the sum would be twice as much.
        #expect(sum <= elapsed)
        #expect(profile.parts[0].seconds >= 0.006)
    }

    @Test("Outside a profile nothing is recorded, and a part that throws has ended")
    func outside() {
        struct Failure: Error {}
        timed("lost") {}
        let profile = TimeProfile()
        #expect(throws: Failure.self) {
            try profile.record { try timed("failing") { throw Failure() } }
        }
        profile.record { timed("next") {} }
        #expect(profile.parts.map(\.name) == ["failing", "next"])
    }

    private func spin(milliseconds: Int) {
        let end = ContinuousClock.now + .milliseconds(milliseconds)
        while ContinuousClock.now < end {}
    }
}
