/// The tool's own version.
package let toolVersion = "0.2.0"
