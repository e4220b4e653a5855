// Names to which `ProcessGroupGloo.hpp` has pointers. See ../../README.md.
#pragma once

namespace gloo {
namespace transport {

class Device;
class UnboundBuffer;

}  // namespace transport
}  // namespace gloo
