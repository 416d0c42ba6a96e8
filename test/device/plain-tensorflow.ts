import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { CoreOps } from '../../src/device/tensorflow/core-ops.js'
import { TensorFlowDevice } from '../../src/device/tensorflow/tf-device.js'

// the hint at a faster backend is noise
tf.env().set('IS_TEST', true)

/** The TensorFlow device on TensorFlow.js's backend in plain JavaScript: what runs without a native TensorFlow. */
export async function plainTensorFlow(): Promise<TensorFlowDevice> {
  await tf.setBackend('cpu')
  return new TensorFlowDevice(tf, new CoreOps(tf), { label: 'TensorFlow.js', build: 'plain' })
}

/** Tensors that TensorFlow.js holds now. */
export function tensorCount(): number {
  return tf.memory().numTensors
}
