import BasicsTestSupport
import Testing

@Suite("The dashboard in a browser")
struct BrowserTests {
    @Test(
        "In Chromium curves grow, all controls have keys, and a phone's width holds the page",
        .enabled(if: Chromium.isThere(for: "the dashboard in a browser")))
    func browser() throws { try Chromium.run("browser.py", [Trial.program]) }
}
