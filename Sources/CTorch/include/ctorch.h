// The C seam between Swift and LibTorch: the only header that Swift sees.
//
// Every function that can fail returns its error (null is success) and hands results through
// out-parameters. There is no thread-local "last error": a Swift task may change threads between
// a call and its check. A `ct_tensor` is one owned reference on a LibTorch tensor.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---------------------------------------------------------------------------------- errors

typedef enum {
  CT_ERROR_OPERATOR = 0,       // the program's: a wrong shape, type or argument
  CT_ERROR_OUT_OF_MEMORY = 1,  // the world's: the device has no room for the result
  CT_ERROR_DEVICE = 2          // the world's: a device is absent or failed
} ct_error_kind;

typedef struct ct_error_s *ct_error;
const char *ct_error_message(ct_error error);
ct_error_kind ct_error_get_kind(ct_error error);
void ct_error_free(ct_error error);

// --------------------------------------------------------------------------------- tensors

typedef struct ct_tensor_s *ct_tensor;

typedef struct {
  int8_t type;   // c10::DeviceType: 0 is the CPU, 1 is CUDA, 14 is meta
  int8_t index;  // -1 where the type has one device only
} ct_device;

// Another owned reference on the same tensor.
ct_tensor ct_tensor_retain(ct_tensor tensor);
void ct_tensor_free(ct_tensor tensor);
int64_t ct_tensor_rank(ct_tensor tensor);
void ct_tensor_sizes(ct_tensor tensor, int64_t *sizes);
void ct_tensor_strides(ct_tensor tensor, int64_t *strides);
int64_t ct_tensor_count(ct_tensor tensor);
int8_t ct_tensor_dtype(ct_tensor tensor);
ct_device ct_tensor_device(ct_tensor tensor);
bool ct_tensor_requires_grad(ct_tensor tensor);
bool ct_tensor_is_contiguous(ct_tensor tensor, bool channels_last);
ct_error ct_tensor_set_requires_grad(ct_tensor tensor, bool requires_grad);
// The gradient of a leaf, or null where it has none yet.
ct_error ct_tensor_grad(ct_tensor tensor, ct_tensor *grad);
void ct_tensor_clear_grad(ct_tensor tensor);
// Copies `bytes` row-major bytes into a new CPU tensor.
ct_error ct_tensor_from_bytes(const void *data, size_t bytes, int8_t dtype, const int64_t *sizes,
                              int64_t rank, ct_tensor *out);
// Copies the tensor's elements, row major, into `data`, which has room for `bytes` bytes.
ct_error ct_tensor_copy_bytes(ct_tensor tensor, void *data, size_t bytes);
// The address of the elements of a CPU tensor that lies in one piece.
ct_error ct_tensor_data(ct_tensor tensor, void **data);
ct_error ct_tensor_item(ct_tensor tensor, double *value);

// ------------------------------------------------------------------------------- operators

typedef struct ct_operator_s *ct_operator;

typedef struct ct_generator_s *ct_generator;

typedef enum {
  CT_NONE,
  CT_TENSOR,
  CT_INT,
  CT_DOUBLE,
  CT_BOOL,
  CT_STRING,
  CT_DEVICE,
  CT_GENERATOR,
  CT_INT_LIST,
  CT_DOUBLE_LIST,
  CT_BOOL_LIST,
  CT_TENSOR_LIST,
  CT_OPTIONAL_TENSOR_LIST,
  CT_OPTIONAL_SCALAR_LIST  // of doubles
} ct_value_kind;

typedef struct {
  const void *data;
  size_t count;
} ct_list;

// An argument or a result. Arguments are borrowed for the length of the call; tensors in results
// are owned by the caller.
typedef struct {
  ct_value_kind kind;
  union {
    ct_tensor tensor;
    int64_t integer;
    double number;
    bool boolean;
    ct_device device;
    ct_generator generator;
    const char *string;
    ct_list list;
  };
} ct_value;

// Finds an operator by name ("aten::add") and overload ("Tensor"), once; the handle lives forever.
ct_error ct_operator_find(const char *name, const char *overload, ct_operator *out);
// The schema as LibTorch prints it; to be freed with `ct_string_free`.
char *ct_operator_schema(ct_operator op);
void ct_string_free(char *string);
// Calls through the boxed dispatcher. Tensor lists among the results are flattened.
ct_error ct_operator_call(ct_operator op, const ct_value *arguments, size_t count,
                          ct_value *results, size_t capacity, size_t *result_count);

// -------------------------------------------------------------------------------- autograd

// `keeps_graph`: what the pass needs stays for another one.
ct_error ct_backward(ct_tensor output, bool keeps_graph);
bool ct_grad_mode(void);
void ct_set_grad_mode(bool enabled);

// A custom function: `backward` receives as many gradients as the function has outputs (null where
// an output did not matter) and fills one gradient per input (null where none is needed).
typedef ct_error (*ct_backward_callback)(void *context, const ct_tensor *gradients, size_t count,
                                         ct_tensor *input_gradients, size_t input_count);
typedef void (*ct_release_callback)(void *context);
// Makes `outputs`, computed without recording, results of one node whose inputs are `inputs`.
// `context` is released with the graph's buffers, also on failure.
ct_error ct_custom_function(const ct_tensor *inputs, size_t input_count, const ct_tensor *outputs,
                            size_t output_count, void *context, ct_backward_callback backward,
                            ct_release_callback release);
// Calls `body` each time a backward pass has added to the gradient of a leaf, on the thread that does so. It takes the
// place of the former one; `context` is released with it, also on failure. A null context is for nothing.
typedef void (*ct_gradient_callback)(void *context);
ct_error ct_tensor_on_gradient(ct_tensor leaf, void *context, ct_gradient_callback body,
                               ct_release_callback release);
// An error for a callback to return.
ct_error ct_error_make(const char *message);

// Thread-local mixed precision on one device type; returns the former state.
typedef struct {
  bool enabled;
  int8_t dtype;
} ct_autocast;
ct_error ct_autocast_enter(int8_t device_type, ct_autocast wanted, ct_autocast *former);
ct_error ct_autocast_leave(int8_t device_type, ct_autocast former);
// Lets go of the converted copies of weights, which else live until the outermost scope ends.
ct_error ct_autocast_forget(void);

// ------------------------------------------------------------------------------ generators

ct_error ct_generator_create(ct_device device, uint64_t seed, ct_generator *out);
void ct_generator_free(ct_generator generator);
ct_error ct_generator_get_state(ct_generator generator, ct_tensor *state);
ct_error ct_generator_set_state(ct_generator generator, ct_tensor state);

// ----------------------------------------------------------------------- programs from files

typedef struct ct_program_s *ct_program;
// Loads a TorchScript file, or a package of AOTInductor; this runs code of the file's maker.
ct_error ct_program_load(const char *path, bool is_package, ct_device device, ct_program *out);
void ct_program_free(ct_program program);
// Calls its forward with one tensor. The tensors that it gives come one after another, whatever lists and
// tuples they are in; the list is to be freed with `ct_tensors_free`, its tensors one by one. What a
// package also writes to the C++ library's error stream is dropped in a trial.
ct_error ct_program_run(ct_program program, ct_tensor input, bool is_trial, ct_tensor **outputs,
                        size_t *count);
void ct_tensors_free(ct_tensor *list);

// -------------------------------------------------------------------- kernels of our own, CPU

// A batch norm's tensors, float32 `[C]`, and constants.
typedef struct {
  ct_tensor weight, bias, running_mean, running_var;
  double momentum, epsilon;
} ct_batch_norm;

// Whether the pair below takes this input: bfloat16 or float32, channels last, and where the channels are no
// multiple of 16, a number of pixels that makes whole vectors of 16 of several of them.
bool ct_batch_norm_is_fusible(ct_tensor input, ct_tensor weight);
// Training-mode batch norm, then an addition (where `addend` is not null), then ReLU. Updates the
// running statistics. Also returns mean and inverse deviation for the backward pass.
ct_error ct_batch_norm_forward(const ct_batch_norm *norm, ct_tensor input, ct_tensor addend,
                               bool relu, ct_tensor *output, ct_tensor *mean, ct_tensor *inverse);
// `output` is null where there was no ReLU.
ct_error ct_batch_norm_backward(ct_tensor gradient, ct_tensor output, ct_tensor input,
                                ct_tensor weight, ct_tensor mean, ct_tensor inverse,
                                bool wants_addend, ct_tensor *input_gradient,
                                ct_tensor *weight_gradient, ct_tensor *bias_gradient,
                                ct_tensor *addend_gradient);

// Whose kernels compute a convolution: oneDNN's, ours on AVX512-BF16, or ours on the matrix unit (AMX).
// The caller asks for none that the processor lacks.
typedef enum { ct_onednn, ct_avx512, ct_amx } ct_kernels;

// Whether the functions below take weights `[O, C, k, k]` and inputs: bfloat16 inputs, channels last, multiples of
// 16 channels, a kernel of 3×3 with padding 1 and stride 1 on the CPU, a processor with AVX512-BF16. Those for
// AMX also take a stride of 2, and up to three channels of the input.
bool ct_conv_takes_weight(ct_tensor weight, int64_t stride, int64_t padding, ct_kernels kernels);
bool ct_conv_takes_input(ct_tensor input, int64_t channels);
// Weights as the forward pass of one of our own kernels reads them.
ct_error ct_conv_pack(ct_tensor weight, int64_t stride, ct_kernels kernels, ct_tensor *packed);
// Convolution, then bias, addition (each where not null) and ReLU, by weights packed for the same kernels.
ct_error ct_conv_forward(ct_tensor input, ct_tensor packed, int64_t outputs, int64_t kernel,
                         int64_t stride, ct_tensor bias, ct_tensor addend, bool relu,
                         ct_kernels kernels, ct_tensor *output);

// Whether the function below takes these: as above; and, for both kinds of kernels of ours, multiples of 16 channels
// with a kernel of 1×1 without padding or 3×3 with padding 1, and a stride of 1 or 2.
bool ct_conv_backward_takes(ct_tensor input, ct_tensor weight, int64_t stride, int64_t padding,
                            ct_kernels kernels);
// The gradients of the convolution alone; that of the weights is float32. That of the input comes from LibTorch
// where our own kernels have no such shape.
ct_error ct_conv_backward(ct_tensor gradient, ct_tensor input, ct_tensor weight, int64_t stride,
                          bool wants_input, bool wants_weight, ct_kernels kernels,
                          ct_tensor *for_input, ct_tensor *for_weight);

// Whether the pair below takes these: depthwise weights `[C, 1, 3, 3]`, 16 channels or more, bfloat16
// inputs, channels last, on the CPU; the stride is 1 or 2 and the padding 1.
bool ct_depthwise_takes(ct_tensor input, ct_tensor weight, int64_t stride);
ct_error ct_depthwise_forward(ct_tensor input, ct_tensor weight, int64_t stride, ct_tensor *output);
ct_error ct_depthwise_backward(ct_tensor gradient, ct_tensor input, ct_tensor weight,
                               int64_t stride, bool wants_input, bool wants_weight,
                               ct_tensor *for_input, ct_tensor *for_weight);

// Whether the pair below takes these: both bfloat16 or both float32, channels last, multiples of 16 channels;
// the deeper map smaller by whole factors.
bool ct_attention_fusion_is_fusible(ct_tensor feature, ct_tensor deeper, ct_tensor weight);
// x · z0 + y · z1 with z = sigmoid(W [x; y] + b) and y the enlarged `deeper`; also the maps z.
ct_error ct_attention_fusion_forward(ct_tensor feature, ct_tensor deeper, ct_tensor weight,
                                     ct_tensor bias, ct_tensor *output, ct_tensor *maps);
ct_error ct_attention_fusion_backward(ct_tensor gradient, ct_tensor feature, ct_tensor deeper,
                                      ct_tensor weight, ct_tensor maps, ct_tensor *for_feature,
                                      ct_tensor *for_deeper, ct_tensor *for_weight,
                                      ct_tensor *for_bias);

// Whether the pair below takes these: as above, of the same shape.
bool ct_hierarchical_loss_is_fusible(ct_tensor student, ct_tensor teacher, int64_t bins);
// Σ weights[k] · mean of squares at scale k: of the differences themselves, then of their averages
// over bins × bins bins, bins / 2 × bins / 2, … 1 × 1; `bins` is 1, 2 or 4. The bins are those of adaptive
// pooling. Also what each cell between their edges adds to the gradient of its pixels. `images` has a factor
// for the squares of each image, float32 `[N]`, or is null.
ct_error ct_hierarchical_loss_forward(ct_tensor student, ct_tensor teacher, ct_tensor images,
                                      int64_t bins, const double *weights, ct_tensor *loss,
                                      ct_tensor *shares);
// `weight` is the first of the weights.
ct_error ct_hierarchical_loss_backward(ct_tensor gradient, ct_tensor student, ct_tensor teacher,
                                       ct_tensor images, ct_tensor shares, int64_t bins,
                                       double weight, ct_tensor *for_student);

// Whether the function below takes these: uint8 `[N, 3, H, W]` on the CPU, channels last.
bool ct_normalize_takes(ct_tensor pixels);
// pixels · scale + shift in float32, with three constants each.
ct_error ct_normalize(ct_tensor pixels, const float *scale, const float *shift, ct_tensor *result);

// --------------------------------------------------------------------------------- devices

const char *ct_version(void);
// A text on the CPU's capability that LibTorch's kernels use, as "AVX512".
const char *ct_cpu_capability(void);
// The instruction set that our own kernels use: 0 is the least of the architecture, 1 AVX2, 2 AVX-512.
int32_t ct_cpu_instructions(void);
bool ct_cpu_has_native_bfloat16(void);
// Whether the processor multiplies bfloat16 matrices in tiles (AMX) and this process may.
bool ct_cpu_has_amx_bfloat16(void);
// Whether oneDNN's fused convolutions take bfloat16 on this processor.
bool ct_onednn_takes_bfloat16(void);
int32_t ct_cuda_device_count(void);
bool ct_built_with_cuda(void);
// Whether LibTorch may only use algorithms that give the same bits on every run on one machine.
void ct_set_deterministic(bool wanted);
// Makes the allocator keep freed memory for the process: fresh pages cost a step a tenth of its time.
// To be called before other threads allocate.
void ct_keep_freed_memory(void);
int32_t ct_threads(void);
ct_error ct_set_threads(int32_t count);

// ------------------------------------------------------------------------------------ CUDA

// Every function below that can fail returns a device error where LibTorch has no CUDA, where there
// is no card, and, for what needs CUDA's own headers (cards and graphs), where the shim was built
// without REVIEWKD_CUDA.

// Null where there is at least one card; else why there is none, in the driver's words.
ct_error ct_cuda_require_card(void);

typedef struct {
  char name[256];
  int32_t major, minor;  // the compute capability
  int32_t multiprocessors;
  uint64_t memory;  // bytes
} ct_cuda_card;
ct_error ct_cuda_card_describe(int8_t index, ct_cuda_card *out);

// Bytes: of the card, and of this process's tensors now and at most.
typedef struct {
  uint64_t free, total, allocated, peak;
} ct_cuda_memory;
ct_error ct_cuda_memory_read(int8_t index, ct_cuda_memory *out);
// Gives memory that no tensor uses back to the driver.
ct_error ct_cuda_release_cached(void);
// Waits for all work on the card.
ct_error ct_cuda_synchronize(int8_t index);
// Whether float32 products and convolutions may round their inputs to TF32.
ct_error ct_cuda_allow_tf32(bool allowed);

// A stream of LibTorch's, a value: streams live as long as the process.
typedef struct {
  int64_t id;
  int8_t device;
} ct_cuda_stream;
// The next stream of LibTorch's pool, never the default one.
ct_error ct_cuda_stream_new(int8_t index, ct_cuda_stream *out);
ct_error ct_cuda_stream_current(int8_t index, ct_cuda_stream *out);
// Makes a stream this thread's current one on its device.
ct_error ct_cuda_stream_exchange(ct_cuda_stream wanted, ct_cuda_stream *former);

typedef struct ct_cuda_event_s *ct_cuda_event;
ct_error ct_cuda_event_create(ct_cuda_event *out);
void ct_cuda_event_free(ct_cuda_event event);
ct_error ct_cuda_event_record(ct_cuda_event event, ct_cuda_stream on);
// Makes what is queued on `on` from now wait for the event.
ct_error ct_cuda_event_block(ct_cuda_event event, ct_cuda_stream on);
ct_error ct_cuda_event_synchronize(ct_cuda_event event);
ct_error ct_cuda_event_elapsed(ct_cuda_event start, ct_cuda_event end, double *milliseconds);

typedef struct ct_cuda_graph_s *ct_cuda_graph;
// Starts recording what is queued on this thread's current stream, which is not the default one,
// instead of running it. Memory allocated until the end belongs to the graph's private pool.
ct_error ct_cuda_graph_begin(int8_t index, ct_cuda_graph *out);
ct_error ct_cuda_graph_end(ct_cuda_graph graph, int8_t index);
// Queues the recorded work on the current stream.
ct_error ct_cuda_graph_replay(ct_cuda_graph graph, int8_t index);
void ct_cuda_graph_free(ct_cuda_graph graph);

#ifdef __cplusplus
}
#endif
