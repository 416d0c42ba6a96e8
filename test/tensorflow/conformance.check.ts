import { loadTensorFlow } from '../../src/device/tensorflow/load.js'
import { NativeOps } from '../../src/device/tensorflow/native-ops.js'
import { TensorFlowDevice } from '../../src/device/tensorflow/tf-device.js'
import { describeConformance } from '../device/conformance.js'

const { tf, backend, version } = loadTensorFlow()
const about = { label: `TensorFlow ${version}`, build: 'native' }

// by density, as it runs; and with every sparse product sparse
for (const [how, sparseBelow] of Object.entries({ 'as it runs': undefined, 'sparse products': Infinity })) {
  describeConformance(`native TensorFlow ${version}, ${how}`, async () => {
    return new TensorFlowDevice(tf, new NativeOps(tf, backend, sparseBelow), about)
  })
}
