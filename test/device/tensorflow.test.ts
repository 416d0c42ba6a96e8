import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { CoreOps } from '../../src/device/tensorflow/core-ops.js'
import { TensorFlowDevice } from '../../src/device/tensorflow/tf-device.js'
import { describeConformance } from './conformance.js'

tf.env().set('IS_TEST', true)

describeConformance('TensorFlow.js in plain JavaScript', async () => {
  await tf.setBackend('cpu')
  return new TensorFlowDevice(tf, new CoreOps(tf), { label: 'TensorFlow.js', build: 'cpu' })
})
