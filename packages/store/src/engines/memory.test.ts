import { storeConformance } from '../conformance/index.ts'
import { openStore } from '../open.ts'

storeConformance('memory', () => openStore('memory:'))
