/** 日本語の説明文。 */
import type { Messages } from './messages.ts'

const mark = (matched: boolean) => (matched ? '✓' : '✗')

export const ja: Messages = {
  policyTypes: {
    identity: 'アイデンティティベースのポリシー',
    resource: 'リソースベースのポリシー',
    boundary: 'アクセス許可の境界',
    session: 'セッションポリシー',
    scp: 'サービスコントロールポリシー',
    rcp: 'リソースコントロールポリシー',
    vpcEndpoint: 'VPC エンドポイントポリシー',
    trust: 'ロールの信頼ポリシー',
  },
  headline: (effect, decidedBy) =>
    effect === 'Allow'
      ? '許可されました。'
      : effect === 'ExplicitDeny'
        ? `拒否されました: ${decidedBy}に明示的な拒否があります。`
        : `拒否されました: 許可する${decidedBy}がありません(暗黙的な拒否)。`,
  request: (principal, action, resource) =>
    `${principal} が ${resource} に対する ${action} を要求しました`,
  determining: (policy, index) => `決め手は「${policy}」の Statement[${index}] です。`,
  policy: (type, name, effect) =>
    `${type}「${name}」: ${effect === 'Allow' ? '許可' : effect === 'ExplicitDeny' ? '拒否' : '該当なし'}`,
  noPolicy: '判断に関わるポリシーはありません。',
  statement: (index, sid, line, effect, applies) =>
    `Statement[${index}]${sid ? `「${sid}」` : ''}(${line} 行目)、${effect}: ${applies ? '該当する' : '該当しない'}`,
  element: ({ element, matched, asked, values, naming }) =>
    `${mark(matched)} ${element} [${values.join(', ')}] は ${asked} を${matched ? '含む' : '含まない'}${naming ? ja.naming[naming] : ''}`,
  naming: {
    nobody: '',
    everybody: '(全員として)',
    account: '(アカウントとして)',
    role: '(ロールとして)',
    direct: '(本人として)',
  },
  condition: ({ operator, key, holds, reason, asked, values }) =>
    `${mark(holds)} ${operator} ${key}: リクエストの値は ${asked ? asked.join(', ') || '(空)' : ja.absent}、ポリシーの値は [${values.join(', ')}]。${ja.reasons[reason]}ため、条件は${holds ? '成立する' : '成立しない'}`,
  reasons: {
    matched: '比較が真である',
    'not matched': '比較が偽である',
    'key is absent': 'キーがリクエストにない',
    'key is present': 'キーがリクエストにある',
    'several values': '単独の演算子は複数の値を比較できない',
    'unreadable value': '値を解釈できない(Allow は一致せず、Deny は一致する)',
  },
  absent: 'なし',
}
