/** Headers that CloudFront makes of what it knows of a viewer; what viewers send under such names never counts. */
import { headerOf } from './headers.ts'
import type { ViewerRequest } from './viewer.ts'

type Make = (
  viewer: ViewerRequest,
  countryOf: (address: string) => string | undefined,
) => string | undefined

const agentOf = ({ headers }: ViewerRequest) => headerOf(headers, 'user-agent') ?? ''
const is =
  (test: (agent: string) => boolean): Make =>
  (viewer) =>
    String(test(agentOf(viewer)))

/** An Android that does not say that it is mobile. Looked for from the end: agents are as long as viewers make them. */
const isLargeAndroid = (agent: string) => {
  const lower = agent.toLowerCase()
  return lower.lastIndexOf('android') > lower.lastIndexOf('mobile')
}
const isTablet = (agent: string) => /iPad|Tablet/i.test(agent) || isLargeAndroid(agent)
const isTelevision = (agent: string) =>
  /SmartTV|Smart-TV|AppleTV|GoogleTV|BRAVIA|HbbTV/i.test(agent)
const isMobile = (agent: string) => /Mobile|iPhone|iPod/i.test(agent) && !isTablet(agent)

/** @see CloudFront Developer Guide, "Add CloudFront request headers" */
const makers: Readonly<Record<string, Make>> = {
  'cloudfront-forwarded-proto': ({ isSecure }) => (isSecure ? 'https' : 'http'),
  'cloudfront-is-android-viewer': is((agent) => /Android/i.test(agent)),
  'cloudfront-is-desktop-viewer': is(
    (agent) => !isMobile(agent) && !isTablet(agent) && !isTelevision(agent),
  ),
  'cloudfront-is-ios-viewer': is((agent) => /iPhone|iPad|iPod/.test(agent)),
  'cloudfront-is-mobile-viewer': is(isMobile),
  'cloudfront-is-smarttv-viewer': is(isTelevision),
  'cloudfront-is-tablet-viewer': is(isTablet),
  'cloudfront-viewer-address': ({ sourceIp, sourcePort }) => `${sourceIp}:${sourcePort}`,
  'cloudfront-viewer-country': ({ sourceIp }, countryOf) => countryOf(sourceIp),
  'cloudfront-viewer-http-version': ({ httpVersion = '1.1' }) => httpVersion,
}

/** @returns undefined for what is not known of this viewer, and for names of no such header */
export function madeHeader(
  name: string,
  viewer: ViewerRequest,
  countryOf: (address: string) => string | undefined,
): string | undefined {
  return Object.hasOwn(makers, name) ? makers[name]!(viewer, countryOf) : undefined
}
