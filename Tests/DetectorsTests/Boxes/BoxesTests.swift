import Detectors
import Testing
import Torch
import TorchTestSupport

@Suite struct BoxesTests {
    @Test("Areas are width times height, with no pixel added")
    func areas() {
        let boxes = Tensor([0.0, 0, 10, 5, 2, 3, 2, 9], shape: [2, 4])
        expectClose(Boxes.areas(boxes), [50, 0])
    }
}
