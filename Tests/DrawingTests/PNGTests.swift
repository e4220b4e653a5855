import Drawing
import ImageFiles
import Testing

@Suite("PNG files")
struct PNGTests {
    @Test(
        "come back from our decoder without loss",
        arguments: [(1, 1), (3, 2), (257, 129), (640, 480)])
    func roundTrip(width: Int, height: Int) throws {
        let picture = Scene.mixed(width, height)
        #expect(try Scene.decode(try picture.png()) == picture)
    }

    /// `Fixtures/scene.png` was written by `Picture.png()`; `scene.rgb` is what Pillow 13.0.0 reads in it, by
    /// `open("scene.rgb", "wb").write(Image.open("scene.png").tobytes())`, with mode RGB and size (90, 60).
    @Test("are read by Pillow, and a scene is drawn as it was when that was tried")
    func pillow() throws {
        let expected = try Scene.fixture("scene.rgb")
        var canvas = Canvas(Scene.mixed(90, 60))
        canvas.draw(Scene.objects)
        #expect(canvas.pixels == expected)
        #expect(try Scene.decode(Scene.fixture("scene.png")).pixels == expected)
        #expect(try Scene.decode(try canvas.picture.png()).pixels == expected)
    }
}
